//! Law 3: gradients equal central differences of `Σ_rows (c·y + log_det)` for random `c`, which stands for the base density.

use ndarray::{Array2, ArrayD, ArrayView2};
use pdmap_core::{Layer, LayerError, LayerExt, LayerGrads, Real, Recorded, Tape, Tensors};

use super::{Verdict, Violation, at_most, distance, log_det::condition};
use crate::tolerance::{GRADIENT, differences, step};
use crate::{normal_rows, rng};

/// One forward and backward pass: `(∂/∂x, gradients)`.
pub(super) fn differentiate<F: Real>(
    layer: &dyn Layer<F>,
    x: ArrayView2<'_, F>,
    c: ArrayView2<'_, F>,
    tape: &mut Tape<F>,
    grads: &mut LayerGrads<F>,
) -> Result<Array2<F>, LayerError> {
    let (mut y, mut dx) = (Array2::zeros(x.raw_dim()), Array2::zeros(x.raw_dim()));
    layer.forward(x.reborrow().into(), y.view_mut(), None, tape)?;
    layer.backward(Recorded { input: x.into(), y: y.view(), tape }, c, Some(dx.view_mut()), grads)?;
    Ok(dx)
}

/// `c·y + log_det` of each row.
fn objective<F: Real>(
    layer: &dyn Layer<F>,
    x: ArrayView2<'_, F>,
    c: ArrayView2<'_, F>,
) -> Result<Vec<f64>, LayerError> {
    let (y, log_det) = layer.transform(x)?;
    let dot = |row: usize| y.row(row).iter().zip(c.row(row)).map(|(y, c)| y.f64() * c.f64()).sum::<f64>();
    Ok(log_det.iter().enumerate().map(|(row, log_det)| log_det + dot(row)).collect())
}

/// `∂/∂x` of all rows.
pub fn gradient_of_input<F: Real>(layer: &dyn Layer<F>, x: ArrayView2<'_, F>, seed: u64) -> Verdict {
    let c = normal_rows::<F>(x.nrows(), x.ncols(), &mut rng(seed));
    let actual =
        differentiate(layer, x.reborrow(), c.view(), &mut Tape::recording(), &mut layer.new_grads())?;
    let mut expected = Array2::zeros(x.raw_dim());
    for column in 0..x.ncols() {
        let shifted = |sign: f64| {
            let mut moved = x.to_owned();
            moved.column_mut(column).mapv_inplace(|v| F::of(v.f64() + sign * step::<F>()));
            moved
        };
        let (above, below) = (shifted(1.0), shifted(-1.0));
        let (f_above, f_below) =
            (objective(layer, above.view(), c.view())?, objective(layer, below.view(), c.view())?);
        for row in 0..x.nrows() {
            let width = above[[row, column]].f64() - below[[row, column]].f64();
            expected[[row, column]] = F::of((f_above[row] - f_below[row]) / width);
        }
    }
    let allowed = differences::<F>(x.ncols(), condition(layer, x)?, GRADIENT);
    at_most("∂/∂x against central differences", distance(&actual, &expected), allowed)
}

/// Euclidean gradients of the mean over rows, for each entry of each tensor. Tensors that may not be moved entry by entry
/// (orthonormal ones refuse) are left to the law of motion and to the laws of their group; the tensors beside
/// and behind them are not.
pub fn gradient_of_parameters<F: Real>(layer: &dyn Layer<F>, x: ArrayView2<'_, F>, seed: u64) -> Verdict {
    if x.nrows() == 0 {
        return Ok(());
    }
    let c = normal_rows::<F>(x.nrows(), x.ncols(), &mut rng(seed));
    let mut grads = layer.new_grads();
    differentiate(layer, x.reborrow(), c.view(), &mut Tape::recording(), &mut grads)?;
    let allowed = differences::<F>(x.ncols(), condition(layer, x.reborrow())?, GRADIENT);
    'tensors: for (name, actual) in layer.gradients(&grads)? {
        let mut expected = ArrayD::zeros(actual.raw_dim());
        for entry in 0..actual.len() {
            let mut values = [0.0; 2];
            for (value, sign) in values.iter_mut().zip([1.0, -1.0]) {
                match moved(layer, &name, entry, sign * step::<F>())? {
                    None => continue 'tensors,
                    Some(layer) => {
                        *value = objective(&*layer, x.reborrow(), c.view())?.iter().sum::<f64>()
                            / x.nrows() as f64;
                    }
                }
            }
            if let Some(expected) = expected.as_slice_mut().and_then(|slice| slice.get_mut(entry)) {
                *expected = F::of((values[0] - values[1]) / (2.0 * step::<F>()));
            }
        }
        at_most(format!("gradient of {name}"), distance(&actual, &expected), allowed)?;
    }
    Ok(())
}

/// A copy of the layer with one entry of one tensor moved, or `None` where its group forbids that.
fn moved<F: Real>(
    layer: &dyn Layer<F>,
    name: &str,
    entry: usize,
    by: f64,
) -> Result<Option<Box<dyn Layer<F>>>, Violation> {
    let mut tensors = layer.tensors();
    let tensor = tensors.iter_mut().find(|(other, _)| other == name);
    let slice = tensor.and_then(|(_, tensor)| tensor.as_slice_mut());
    let Some(value) = slice.and_then(|slice| slice.get_mut(entry)) else {
        return Err(LayerError::MissingTensor { name: name.to_owned() }.into());
    };
    *value = F::of(value.f64() + by);
    let mut copy = layer.duplicate();
    match copy.set_tensors(&mut Tensors::from_iter(tensors)) {
        Ok(()) => Ok(Some(copy)),
        Err(error) if leaves_its_group(&error) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn leaves_its_group(error: &LayerError) -> bool {
    match error {
        LayerError::NotOrthonormal { .. } => true,
        LayerError::Stage { problem, .. } => leaves_its_group(problem),
        _ => false,
    }
}
