//! The laws.

use ndarray::{Array2, ArrayView2, Axis, Slice};
use pdmap_core::{LayerError, Module, ParametricExt, Real, Tape, Tensors};

use super::ModuleCase;
use super::case::{differentiate, image};
use crate::laws::{moved, part, same_sums};
use crate::tolerance::{ACCUMULATE, GRADIENT, ROWS, rounding, step};
use crate::verdict::{accepted, at_most, differences, distance};
use crate::{Verdict, chosen, normal_rows, rng, tolerance, worst};

/// Random `∂/∂output` for the rows of a case.
fn weights<F: Real>(case: &ModuleCase<'_, F>) -> Result<Array2<F>, LayerError> {
    Ok(normal_rows(case.rows().nrows(), case.outputs()?, &mut rng(case.seed())))
}

/// `c·f(x)` of each row.
fn objective<F: Real>(
    module: &dyn Module<F>,
    x: ArrayView2<'_, F>,
    c: &Array2<F>,
) -> Result<Vec<f64>, LayerError> {
    let y = image(module, x)?;
    let dot = |(y, c): (ndarray::ArrayView1<'_, F>, ndarray::ArrayView1<'_, F>)| {
        y.iter().zip(c).map(|(y, c)| y.f64() * c.f64()).sum::<f64>()
    };
    Ok(y.rows().into_iter().zip(c.rows()).map(dot).collect())
}

/// Numbers that a central difference adds up.
fn size<F: Real>(case: &ModuleCase<'_, F>) -> Result<usize, LayerError> {
    Ok(case.rows().ncols() + case.outputs()?)
}

/// Rows of another width are refused, with both widths.
pub fn shapes<F: Real>(case: &ModuleCase<'_, F>) -> Verdict {
    let inputs = case.rows().ncols();
    case.outputs()?;
    for width in [inputs + 1, 2 * inputs] {
        if width == inputs {
            continue;
        }
        match case.module().outputs(width) {
            Err(LayerError::Features { expected, actual, .. }) if (expected, actual) == (inputs, width) => {}
            other => return accepted("rows of another width", other),
        }
    }
    Ok(())
}

/// `∂/∂input` of `c·f(x)` against central differences.
pub fn gradient_of_input<F: Real>(case: &ModuleCase<'_, F>) -> Verdict {
    let (module, x, c) = (case.module(), case.rows(), weights(case)?);
    let mut grads = module.new_grads();
    let actual = differentiate(module, x.reborrow(), c.view(), &mut Tape::recording(), &mut grads)?;
    let mut expected = Array2::zeros(x.raw_dim());
    for column in 0..x.ncols() {
        let moved = |sign: f64| {
            let mut moved = x.to_owned();
            moved.column_mut(column).mapv_inplace(|v| F::of(v.f64() + sign * step::<F>()));
            moved
        };
        let (above, below) = (moved(1.0), moved(-1.0));
        let (f_above, f_below) = (objective(module, above.view(), &c)?, objective(module, below.view(), &c)?);
        for (row, (f_above, f_below)) in f_above.iter().zip(f_below).enumerate() {
            let width = above[[row, column]].f64() - below[[row, column]].f64();
            expected[[row, column]] = F::of((f_above - f_below) / width);
        }
    }
    let allowed = tolerance::differences::<F>(size(case)?, 1.0, GRADIENT);
    at_most("∂/∂input against central differences", distance(&actual, &expected), allowed)
}

/// Gradients of the mean over rows, for some entries of each tensor, against central differences.
pub fn gradient_of_parameters<F: Real>(case: &ModuleCase<'_, F>) -> Verdict {
    let (module, x, c) = (case.module(), case.rows(), weights(case)?);
    if x.nrows() == 0 {
        return Ok(());
    }
    let mut grads = module.new_grads();
    differentiate(module, x.reborrow(), c.view(), &mut Tape::recording(), &mut grads)?;
    let allowed = tolerance::differences::<F>(size(case)?, 1.0, GRADIENT);
    let (tensors, mut copy, mut rng) = (module.tensors(), module.duplicate(), rng(case.seed()));
    for (name, actual) in module.euclidean(grads.rows, &grads.params)? {
        let actual: Vec<f64> = actual.iter().map(|v| v.f64()).collect();
        let mut apart = Vec::new();
        for entry in chosen(actual.len(), &mut rng) {
            let mut mean = |by: f64| -> Result<f64, LayerError> {
                let tensors = moved(&tensors, &name, entry, by)?;
                copy.set_tensors(&mut Tensors::from_iter(tensors))?;
                Ok(objective(&*copy, x.reborrow(), &c)?.iter().sum::<f64>() / x.nrows() as f64)
            };
            let expected = (mean(step::<F>())? - mean(-step::<F>())?) / (2.0 * step::<F>());
            apart.push((actual[entry] - expected).abs());
        }
        let scale = worst(actual.iter().map(|v| v.abs())).max(1.0);
        at_most(format!("gradient of {name}"), worst(apart.into_iter()) / scale, allowed)?;
        copy = module.duplicate();
    }
    Ok(())
}

/// Examples are independent, batches of none and of one work, and `backward` accumulates on a tape whose
/// content does not matter.
pub fn batches<F: Real>(case: &ModuleCase<'_, F>) -> Verdict {
    let (module, x, c) = (case.module(), case.rows(), weights(case)?);
    let (each, rows) = (case.positions(), x.nrows());
    let allowed = rounding::<F>(size(case)?, 1.0, ROWS);
    let together = image(module, x.reborrow())?;
    for (example, x) in x.axis_chunks_iter(Axis(0), each).enumerate() {
        let (from, alone) = (example * each, image(module, x)?);
        let expected = together.slice_axis(Axis(0), Slice::from(from..from + alone.nrows()));
        at_most("an example by itself", distance(&alone, expected), allowed)?;
    }
    at_most("rows of an empty batch", image(module, part(&x, 0, 0))?.nrows() as f64, 0.0)?;

    let (mut all, mut parts) = (module.new_grads(), module.new_grads());
    let mut tape = Tape::recording();
    let by_x = differentiate(module, x.reborrow(), c.view(), &mut tape, &mut all)?;
    tape.poison();
    let cut = rows / each / 3 * each;
    for (from, to) in [(0, cut), (cut, rows), (0, 0)] {
        let c = c.view();
        let found = differentiate(module, part(&x, from, to), part(&c, from, to), &mut tape, &mut parts)?;
        let expected = by_x.slice_axis(Axis(0), Slice::from(from..to));
        at_most("∂/∂input of a part of the batch", distance(&found, expected), allowed)?;
    }
    same_sums(&parts, &all, rounding::<F>(size(case)? + rows, 1.0, ACCUMULATE))
}

/// A module from its specification and tensors is the same module, bit for bit.
pub fn specification<F: Real>(case: &ModuleCase<'_, F>) -> Verdict {
    let module = case.module();
    let json = serde_json::to_string(&module.spec()).unwrap_or_default();
    let spec = serde_json::from_str(&json).unwrap_or_else(|_| module.spec());
    let mut tensors = Tensors::from_iter(module.tensors());
    let again = case.restore(&spec, &mut tensors)?;
    tensors.finish()?;
    let changed = differences(&image(module, case.rows())?, &image(&*again, case.rows())?);
    at_most("numbers that changed", changed, 0.0)
}
