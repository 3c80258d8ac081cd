//! Gradients are those of `Σ_rows (c·y + log_det)` by central differences. The random `c` stands for the
//! base density.

use ndarray::{Array2, ArrayD, ArrayView2};
use pdmap_core::{ForwardPass, Gradients, Layer, LayerError, LayerExt, ParametricExt, Real, Tape, Tensors};

use crate::case::tensors;
use crate::tolerance::{GRADIENT, differences, step};
use crate::verdict::{Verdict, at_most, distance};
use crate::{Case, chosen, normal_rows, rng, worst};

/// One forward and backward pass: adds the gradients and returns `∂/∂x`.
pub(crate) fn differentiate<F: Real>(
    layer: &dyn Layer<F>,
    x: ArrayView2<'_, F>,
    c: ArrayView2<'_, F>,
    tape: &mut Tape<F>,
    grads: &mut Gradients<F>,
) -> Result<Array2<F>, LayerError> {
    let (mut y, mut dx) = (Array2::zeros(x.raw_dim()), Array2::zeros(x.raw_dim()));
    layer.forward(x.reborrow().into(), y.view_mut(), None, tape)?;
    let at = ForwardPass { input: x.reborrow().into(), y: y.view(), tape };
    layer.backward(at, c, Some(dx.view_mut()), &mut grads.params)?;
    grads.rows += x.nrows();
    Ok(dx)
}

/// Random `∂ log p/∂y` for the rows of a case.
pub(crate) fn delta<F: Real>(case: &Case<'_, F>) -> Array2<F> {
    let (rows, features) = case.rows().dim();
    normal_rows(rows, features, &mut rng(case.seed()))
}

/// The mean over rows of `c·y + log_det`.
pub(crate) fn objective<F: Real>(layer: &dyn Layer<F>, x: ArrayView2<'_, F>, c: &Array2<F>) -> Result<f64, LayerError> {
    let rows = x.nrows() as f64;
    let (y, log_det) = layer.transform(x)?;
    let dot: f64 = y.iter().zip(c).map(|(y, c)| y.f64() * c.f64()).sum();
    Ok((dot + log_det.iter().sum::<f64>()) / rows)
}

/// `∂/∂x` of all rows.
pub fn gradient_of_input<F: Real>(case: &Case<'_, F>) -> Verdict {
    let (layer, x, c) = (case.layer(), case.rows(), delta(case));
    let size = x.ncols();
    let actual = differentiate(layer, x, c.view(), &mut Tape::recording(), &mut layer.new_grads())?;
    let expected = case.differences()?.gradient(c.view());
    case.within("∂/∂x against central differences", distance(&actual, &expected), |condition| {
        differences::<F>(size, condition, GRADIENT)
    })
}

/// Euclidean gradients of the mean over rows, for some entries of each trained tensor. Tensors whose
/// entries may not move one by one (orthonormal ones) are left to the laws of motion and of their group;
/// those beside them are not. Entries that a mask keeps at 0 have no gradient.
pub fn gradient_of_parameters<F: Real>(case: &Case<'_, F>) -> Verdict {
    let (layer, x, c) = (case.layer(), case.rows(), delta(case));
    if x.nrows() == 0 {
        return Ok(());
    }
    let mut grads = layer.new_grads();
    differentiate(layer, x.reborrow(), c.view(), &mut Tape::recording(), &mut grads)?;
    let (size, at_first, mut rng) = (x.ncols(), tensors(layer), rng(case.seed()));
    'tensors: for (name, actual) in layer.euclidean(grads.rows, &grads.params)? {
        let actual: Vec<f64> = actual.iter().map(|v| v.f64()).collect();
        let (mut apart, mut copy) = (Vec::new(), layer.duplicate());
        'entries: for entry in chosen(actual.len(), &mut rng) {
            let mut values = [0.0; 2];
            for (value, sign) in values.iter_mut().zip([1.0, -1.0]) {
                let tensors = moved(&at_first, &name, entry, sign * step::<F>())?;
                match copy.set_tensors(&mut Tensors::from_iter(tensors)) {
                    Ok(()) => *value = objective(&*copy, x.reborrow(), &c)?,
                    Err(error) if leaves_its_group(&error) => continue 'tensors,
                    Err(error) if is_masked(&error) => {
                        at_most(format!("gradient of a masked entry of {name}"), actual[entry].abs(), 0.0)?;
                        continue 'entries;
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            let expected = (values[0] - values[1]) / (2.0 * step::<F>());
            apart.push((actual[entry] - expected).abs());
        }
        let scale = worst(actual.iter().map(|v| v.abs())).max(1.0);
        case.within(format!("gradient of {name}"), worst(apart.into_iter()) / scale, |condition| {
            differences::<F>(size, condition, GRADIENT)
        })?;
    }
    Ok(())
}

/// All tensors with one entry of one of them moved.
pub(crate) fn moved<F: Real>(
    tensors: &[(String, ArrayD<F>)],
    name: &str,
    entry: usize,
    by: f64,
) -> Result<Vec<(String, ArrayD<F>)>, LayerError> {
    let mut tensors = tensors.to_vec();
    let tensor = tensors.iter_mut().find(|(other, _)| other == name);
    let slice = tensor.and_then(|(_, tensor)| tensor.as_slice_mut());
    let Some(value) = slice.and_then(|slice| slice.get_mut(entry)) else {
        return Err(LayerError::MissingTensor { name: name.to_owned() });
    };
    *value = F::of(value.f64() + by);
    Ok(tensors)
}

fn leaves_its_group(error: &LayerError) -> bool {
    match error {
        LayerError::NotOrthonormal { .. } => true,
        LayerError::Stage { problem, .. } => leaves_its_group(problem),
        _ => false,
    }
}

fn is_masked(error: &LayerError) -> bool {
    match error {
        LayerError::Masked { .. } => true,
        LayerError::Stage { problem, .. } => is_masked(problem),
        _ => false,
    }
}
