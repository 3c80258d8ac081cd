//! `backward` accumulates; rows are independent; passes with and without log-determinants agree; batches
//! of 0 and 1 rows work; nothing is read from a tape that this pass did not write.

use ndarray::{Array2, ArrayView2, Axis, Slice};
use pdmap_core::{GradSum, Gradients, LayerExt, ParametricExt, Real, Tape};

use super::gradient::{delta, differentiate};
use crate::tolerance::{ACCUMULATE, ROWS, rounding};
use crate::verdict::{Violation, at_most, distance};
use crate::{Case, Verdict};

/// Rows one by one, in two parts, and none.
pub fn batches<F: Real>(case: &Case<'_, F>) -> Verdict {
    let (layer, x) = (case.layer(), case.rows());
    let (rows, features) = x.dim();
    let (together, log_det) = case.image()?;
    let allowed = rounding::<F>(features, 1.0, ROWS);

    let mut without = Array2::zeros(x.raw_dim());
    layer.forward(x.reborrow().into(), without.view_mut(), None, &mut Tape::scratch())?;
    at_most("with and without log-det", distance(&without, &together), allowed)?;

    for (row, x) in x.axis_chunks_iter(Axis(0), 1).enumerate() {
        let (alone, alone_log_det) = layer.transform(x)?;
        at_most("a row by itself", distance(&alone, together.row(row)), allowed)?;
        at_most("log-det of a row by itself", distance(&alone_log_det, &log_det[row..=row]), allowed)?;
    }
    let (empty, empty_log_det) = layer.transform(part(&x, 0, 0))?;
    at_most("rows of an empty batch", (empty.nrows() + empty_log_det.len()) as f64, 0.0)?;

    let c = delta(case);
    let (mut all, mut parts) = (layer.new_grads(), layer.new_grads());
    let mut tape = Tape::recording();
    let dx = differentiate(layer, x.reborrow(), c.view(), &mut tape, &mut all)?;
    tape.poison();
    let cut = rows / 3;
    for (from, to) in [(0, cut), (cut, rows), (0, 0)] {
        let (x, c) = (part(&x, from, to), c.view());
        let part_dx = differentiate(layer, x, part(&c, from, to), &mut tape, &mut parts)?;
        let expected = dx.slice_axis(Axis(0), Slice::from(from..to));
        at_most("∂/∂x of a part of the batch", distance(&part_dx, expected), allowed)?;
    }
    same_sums(&parts, &all, rounding::<F>(features + rows, 1.0, ACCUMULATE))
}

/// Rows `from..to`.
pub(crate) fn part<'a, F>(rows: &'a ArrayView2<'_, F>, from: usize, to: usize) -> ArrayView2<'a, F> {
    rows.slice_axis(Axis(0), Slice::from(from..to))
}

/// The same gradients, up to rounding.
pub(crate) fn same_sums<F: Real>(a: &Gradients<F>, b: &Gradients<F>, allowed: f64) -> Verdict {
    if a.params.len() != b.params.len() {
        let (measured, allowed) = (a.params.len() as f64, b.params.len() as f64);
        return Err(Violation::Exceeded { what: "accumulated gradients".to_owned(), measured, allowed });
    }
    for (a, b) in a.params.iter().zip(&b.params) {
        let (a_sum, b_sum) = (dense_sum(&a.sum)?, dense_sum(&b.sum)?);
        at_most(format!("accumulated gradient of {}", a.name), distance(&a_sum, &b_sum), allowed)?;
    }
    Ok(())
}

fn dense_sum<F: Real>(sum: &GradSum<F>) -> Result<Vec<F>, Violation> {
    match sum {
        GradSum::Flat(sum) => Ok(sum.clone()),
        GradSum::Outer(sum) => {
            let mut dense = Array2::zeros((sum.dim(), sum.dim()));
            sum.write(F::one(), pdmap_core::linalg::Add::No, dense.view_mut())?;
            Ok(dense.iter().copied().collect())
        }
    }
}
