//! Autoregressive layers: all features in one pass of the masked network.

use pdmap_core::{Layer, Real};
use pdmap_layers::autoregressive::Autoregressive;

use super::networks::{Outputs, Part, parameters};
use super::transforms::{apply, bounded, directions};
use super::{failed, tensors, typed};
use crate::error::Result;
use crate::pass::Pass;

/// `y_i = g(x_i; θ(x_1, …, x_{i−1}, c))`, the features counted in an order. Masked weights are 0.
pub(super) fn autoregressive<F: Real>(layer: &dyn Layer<F>, pass: &mut Pass<'_>) -> Result<()> {
    let own: Autoregressive<F> = typed(layer, pass)?;
    let options = own.options();
    let features = pass.features - options.angles;
    let order = options.order.positions(features);
    let ordered = pass.x.take(1, order.iter().copied());
    let mut inputs = Vec::new();
    if let Some(value) = pass.condition.filter(|_| layer.conditions() > 0) {
        inputs.push(Part { value, width: layer.conditions() });
    }
    if options.angles > 0 {
        let value = directions(pass.x.slice(1, features, pass.features), options.angles);
        inputs.push(Part { value, width: 2 * options.angles });
    }
    inputs.push(Part { value: bounded(ordered), width: features });
    let outputs = Outputs { targets: features, each: options.transform.parameters(), positions: 1 };
    let network = options.network().map_err(failed(pass))?;
    let raw = parameters(&network, &mut tensors(layer), &inputs, outputs, pass)?;
    let (y, log_slopes) = apply(options.transform, ordered, raw);
    pass.replace(&order, y);
    pass.add_log_slopes(log_slopes);
    Ok(())
}
