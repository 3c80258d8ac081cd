//! Law 4: `backward` accumulates; rows are independent; with and without log-det agree; batches of 0 and 1 work; nothing is read
//! from a tape that this pass did not write.

use ndarray::{Array2, ArrayView2, Axis, Slice};
use pdmap_core::{GradSum, Layer, LayerExt, LayerGrads, Real, Tape};

use super::{Verdict, Violation, at_most, distance, gradient::differentiate};
use crate::tolerance::{ACCUMULATE, ROWS, rounding};
use crate::{normal_rows, rng};

/// All of the fourth law.
pub fn batches<F: Real>(layer: &dyn Layer<F>, x: ArrayView2<'_, F>, seed: u64) -> Verdict {
    let (rows, features) = x.dim();
    let (together, log_det) = layer.transform(x.reborrow())?;
    let allowed = rounding::<F>(features, 1.0, ROWS);

    let mut without = Array2::zeros(x.raw_dim());
    layer.forward(x.reborrow().into(), without.view_mut(), None, &mut Tape::scratch())?;
    at_most("with and without log-det", distance(&without, &together), allowed)?;

    for (row, x) in x.axis_chunks_iter(Axis(0), 1).enumerate() {
        let (alone, alone_log_det) = layer.transform(x)?;
        at_most("a row by itself", distance(&alone, together.row(row)), allowed)?;
        at_most("log-det of a row by itself", distance(&alone_log_det, &log_det[row..=row]), allowed)?;
    }
    let none = x.slice_axis(Axis(0), Slice::from(0..0));
    let (empty, empty_log_det) = layer.transform(none.reborrow())?;
    at_most("rows of an empty batch", (empty.nrows() + empty_log_det.len()) as f64, 0.0)?;

    let c = normal_rows::<F>(rows, features, &mut rng(seed));
    let (mut all, mut parts) = (layer.new_grads(), layer.new_grads());
    let mut tape = Tape::recording();
    let dx = differentiate(layer, x.reborrow(), c.view(), &mut tape, &mut all)?;
    tape.poison();
    let cut = rows / 3;
    for part in [Slice::from(0..cut), Slice::from(cut..rows), Slice::from(0..0)] {
        let (x, c) = (x.slice_axis(Axis(0), part), c.slice_axis(Axis(0), part));
        let part_dx = differentiate(layer, x, c, &mut tape, &mut parts)?;
        at_most("∂/∂x of a part of the batch", distance(&part_dx, dx.slice_axis(Axis(0), part)), allowed)?;
    }
    same_sums(&mut parts, &mut all, rounding::<F>(features + rows, 1.0, ACCUMULATE))
}

fn same_sums<F: Real>(a: &mut LayerGrads<F>, b: &mut LayerGrads<F>, allowed: f64) -> Verdict {
    if a.rows != b.rows {
        return Err(Violation::Exceeded {
            what: "rows accumulated".into(),
            measured: a.rows as f64,
            allowed: b.rows as f64,
        });
    }
    for (a, b) in a.params.iter_mut().zip(&mut b.params) {
        let (a_sum, b_sum) = (dense_sum(&a.sum)?, dense_sum(&b.sum)?);
        at_most(format!("accumulated gradient of {}", a.name), distance(&a_sum, &b_sum), allowed)?;
    }
    a.children.iter_mut().zip(&mut b.children).try_for_each(|(a, b)| same_sums(a, b, allowed))
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
