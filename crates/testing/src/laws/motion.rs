//! The note's claim that the direction keeps the sense of the gradient: `⟨step, Euclidean gradient⟩ > 0`, and the objective rises by
//! just that. A layer that has a direction and stands still keeps no sense either: `> 0` is meant.

use ndarray::ArrayView2;
use pdmap_core::optim::Optimizer;
use pdmap_core::{Layer, LayerError, LayerExt, Real, Tape};

use super::{Verdict, at_most, gradient::differentiate, log_det::condition};
use crate::{normal_rows, rng};

/// Tolerance of a one-sided difference: `√ε × size × condition ×` this, relative to the expected rise.
const ONE_SIDED: f64 = 4096.0;
/// Rounding of one weight, in ε.
const ROUNDING: f64 = 4.0;
/// How many times shorter than its step a displacement may be, per condition number: a step in the algebra is
/// multiplied by the weight, whose entries are of the order of 1 here.
const SHORTENED: f64 = 64.0;

/// A small plain step moves the trained tensors along a direction whose inner product with the Euclidean gradient is positive.
///
/// How positive: every direction of this project is some `E` (`G`, `G Wᵀ`, `Wᵀ G`, the skew part of `G Wᵀ`), or `E` times
/// the weight, and the inner product is at least `‖E‖²`. So it is at least `‖direction‖² / (1 + ‖tensors‖²)`; where that
/// stands out of the rounding, the layer is held to it, and one that does not move cannot pass.
pub fn ascends<F: Real>(layer: &dyn Layer<F>, x: ArrayView2<'_, F>, seed: u64) -> Verdict {
    if x.nrows() == 0 {
        return Ok(());
    }
    let c = normal_rows::<F>(x.nrows(), x.ncols(), &mut rng(seed));
    let mut grads = layer.new_grads();
    differentiate(layer, x.reborrow(), c.view(), &mut Tape::recording(), &mut grads)?;
    let gradients = layer.gradients(&grads)?;
    let before = layer.tensors();
    let rate = F::EPS.sqrt();
    let mut moved = layer.duplicate();
    moved.direct(&mut grads)?;
    // The update writes its step over the direction.
    let direction = grads.direction_norm_squared();
    moved.update(&mut Optimizer::sgd(rate)?, &mut grads)?;
    let after = moved.tensors();
    let (mut total, mut noise) = (0.0, 0.0);
    let (mut displacement, mut size) = (0.0, 1.0);
    for (name, gradient) in &gradients {
        let find = |tensors: &'_ [(String, ndarray::ArrayD<F>)]| {
            tensors.iter().find(|(other, _)| other == name).map(|(_, tensor)| tensor.clone())
        };
        let (Some(before), Some(after)) = (find(&before), find(&after)) else {
            return Err(LayerError::MissingTensor { name: name.clone() }.into());
        };
        let mut inner = 0.0;
        let mut length = 0.0;
        for ((g, before), after) in gradient.iter().zip(&before).zip(&after) {
            inner += g.f64() * (after.f64() - before.f64()) / rate;
            length += g.f64() * g.f64();
            displacement += (after.f64() - before.f64()).powi(2);
            size += before.f64() * before.f64();
        }
        // Where the gradient vanishes (on O(1) always) there is nowhere to go: rounding of W over the rate is all that is seen.
        noise += F::EPS / rate * length.sqrt() * (before.len() as f64) * ROUNDING;
        total += inner;
    }
    // Over all tensors of the layer together: an augmented bias moves with its matrix, and only jointly do they keep the sense.
    at_most("−⟨direction, gradient⟩", -total, noise)?;
    let condition = condition(layer, x.reborrow())?;
    let due = direction / size;
    if due.is_nan() || due > 2.0 * noise {
        // More than the noise is left of it, so this is `> 0` beyond doubt.
        at_most("shortfall of ⟨direction, gradient⟩", due - total, noise)?;
        let ratio = rate * direction.sqrt() / displacement.sqrt();
        at_most("the step against the way that the tensors went", ratio, condition * SHORTENED)?;
    }
    let objective = |layer: &dyn Layer<F>| -> Result<f64, LayerError> {
        let (y, log_det) = layer.transform(x.reborrow())?;
        let dot: f64 = y.iter().zip(&c).map(|(y, c)| y.f64() * c.f64()).sum();
        Ok((dot + log_det.iter().sum::<f64>()) / x.nrows() as f64)
    };
    let rise = (objective(&*moved)? - objective(layer)?) / rate;
    let allowed = rate * x.ncols() as f64 * condition.powi(2) * ONE_SIDED * total.abs().max(1.0);
    at_most("rise of the objective against ⟨direction, gradient⟩", (rise - total).abs(), allowed)
}
