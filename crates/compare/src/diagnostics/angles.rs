//! Angles between training steps and gradients.

use std::collections::BTreeMap;

use ndarray::{ArrayD, ArrayView2};
use pdmap_core::optim::Optimizer;
use pdmap_core::{Flow, LayerError, ParametricExt, Real};

/// Tensors by name.
pub(super) type Named<F> = BTreeMap<String, ArrayD<F>>;

/// Learning rate of the plain step: small enough for a curved group, large enough for f32.
const PLAIN_RATE: f64 = 1e-3;

/// The Euclidean gradient of a batch and the weights after a plain step on it.
pub(super) fn gradient_and_plain_step<F: Real>(
    flow: &Flow<F>,
    batch: ArrayView2<'_, F>,
) -> Result<(Named<F>, Named<F>), LayerError> {
    let (mut flow, mut training) = (flow.clone(), flow.training());
    flow.accumulate(flow.given(batch), &mut training)?;
    let gradient = flow.gradients(&training)?.into_iter().collect();
    flow.update(&mut Optimizer::sgd(PLAIN_RATE)?, &mut training)?;
    Ok((gradient, flow.tensors().into_iter().collect()))
}

/// The angle in degrees between `after − before` and `gradient`, over the tensors with a gradient.
pub(super) fn angle<F: Real>(before: &Named<F>, after: &Named<F>, gradient: &Named<F>) -> Option<f64> {
    let (mut product, mut step, mut slope) = (0.0, 0.0, 0.0);
    for (name, gradient) in gradient {
        let (Some(before), Some(after)) = (before.get(name), after.get(name)) else { continue };
        if before.shape() != gradient.shape() || after.shape() != gradient.shape() {
            continue;
        }
        for ((before, after), gradient) in before.iter().zip(after).zip(gradient) {
            let (moved, gradient) = (after.f64() - before.f64(), gradient.f64());
            product += moved * gradient;
            step += moved * moved;
            slope += gradient * gradient;
        }
    }
    let cosine = product / (step * slope).sqrt();
    cosine.is_finite().then(|| cosine.clamp(-1.0, 1.0).acos().to_degrees())
}
