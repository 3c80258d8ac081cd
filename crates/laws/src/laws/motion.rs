//! A step ascends: its inner product with the Euclidean gradient is positive, and the objective rises by
//! just that. A layer that has a direction and does not move breaks the law.

use pdmap_core::contract::{Reads, Rule};
use pdmap_core::group::curvature::LEAST_CURVATURE;
use pdmap_core::optim::Optimizer;
use pdmap_core::{Layer, LayerError, LayerExt, ParametricExt, Real, Tape};

use super::gradient::{delta, differentiate};
use crate::case::tensors;
use crate::verdict::at_most;
use crate::{Case, Verdict};

/// Tolerance of a one-sided difference: `√ε × size × condition ×` this, relative to the expected rise.
const ONE_SIDED: f64 = 4096.0;
/// Rounding of one weight, in ε.
const ROUNDING: f64 = 4.0;
/// How many times shorter than its step a displacement may be, for each unit of the condition number: a
/// step in the algebra is multiplied by the weight, whose entries are of the order of 1 here.
const SHORTENED: f64 = 64.0;

/// A small plain step moves the trained tensors along a direction whose inner product with the Euclidean
/// gradient is positive.
///
/// Every direction of this project is some `E` (`G`, `G Wᵀ`, `Wᵀ G`, the skew part of `G Wᵀ`), or `E`
/// times the weight, and the inner product is at least `‖E‖²`. So it is at least
/// `‖direction‖² / (1 + ‖tensors‖²)`; where `E` is divided by a curvature, at least
/// [`LEAST_CURVATURE`] times that, and where shears are shortened, their rate times that. Where it
/// exceeds the rounding error, the layer is held to it.
pub fn ascends<F: Real>(case: &Case<'_, F>) -> Verdict {
    let (layer, x, c) = (case.layer(), case.rows(), delta(case));
    if x.nrows() == 0 {
        return Ok(());
    }
    let mut grads = layer.new_grads();
    differentiate(layer, x.reborrow(), c.view(), &mut Tape::recording(), &mut grads)?;
    let gradients = layer.euclidean(grads.rows, &grads.params)?;
    let before = tensors(layer);
    let rate = F::EPS.sqrt();
    let (mut moved, mut rule) = (layer.duplicate(), Optimizer::sgd(rate)?);
    moved.direct(grads.rows, Reads::Entries, &mut grads.params)?;
    // The update writes its step over the direction.
    let direction = moved.norm_squared(&mut grads.params)?;
    Rule::<F>::begin(&mut rule, &mut || Ok(direction.sqrt()))?;
    moved.update(&mut rule, &mut grads.params)?;
    let after = tensors(&*moved);
    let (mut total, mut noise) = (0.0, 0.0);
    let (mut displacement, mut size) = (0.0, 1.0);
    for (name, gradient) in &gradients {
        let find = |tensors: &'_ [(String, ndarray::ArrayD<F>)]| {
            tensors.iter().find(|(other, _)| other == name).map(|(_, tensor)| tensor.clone())
        };
        let (Some(before), Some(after)) = (find(&before), find(&after)) else {
            return Err(LayerError::MissingTensor { name: name.clone() }.into());
        };
        let mut length = 0.0;
        for ((g, before), after) in gradient.iter().zip(&before).zip(&after) {
            total += g.f64() * (after.f64() - before.f64()) / rate;
            length += g.f64() * g.f64();
            displacement += (after.f64() - before.f64()).powi(2);
            size += before.f64() * before.f64();
        }
        // Where the gradient vanishes (on O(1) always), only the rounding of W over the rate is seen.
        noise += F::EPS / rate * length.sqrt() * (before.len() as f64) * ROUNDING;
    }
    // All tensors of the layer together: an augmented bias moves with its matrix.
    at_most("−⟨direction, gradient⟩", -total, noise)?;
    let options = layer.spec().options;
    let divided = options.get("preconditioned").is_some_and(|option| option == true);
    let shears = options.get("shears").and_then(|rate| rate.as_f64()).unwrap_or(1.0);
    let due = if divided { LEAST_CURVATURE } else { 1.0 } * shears * direction / size;
    if due.is_nan() || due > 2.0 * noise {
        // More than the noise remains, so this is `> 0` beyond doubt.
        at_most("shortfall of ⟨direction, gradient⟩", due - total, noise)?;
        let ratio = rate * direction.sqrt() / displacement.sqrt();
        case.within("the step against the displacement", ratio, |condition| condition * SHORTENED)?;
    }
    let objective = |layer: &dyn Layer<F>| -> Result<f64, LayerError> {
        let (y, log_det) = layer.transform(x.reborrow())?;
        let dot: f64 = y.iter().zip(&c).map(|(y, c)| y.f64() * c.f64()).sum();
        Ok((dot + log_det.iter().sum::<f64>()) / x.nrows() as f64)
    };
    let rise = (objective(&*moved)? - objective(layer)?) / rate;
    case.within("rise of the objective against ⟨direction, gradient⟩", (rise - total).abs(), |condition| {
        rate * x.ncols() as f64 * condition.powi(2) * ONE_SIDED * total.abs().max(1.0)
    })
}
