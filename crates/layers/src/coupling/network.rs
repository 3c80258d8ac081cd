//! Which network computes the parameters of a transform.

use pdmap_core::{LayerError, LayerSpec, Result};
use serde_json::{Map, Value};

use crate::nn::Perceptron;

/// Default widths of the hidden layers.
const HIDDEN: [usize; 1] = [64];

/// The network of a layer of the given kind as data: a perceptron with `hidden` layers, unless
/// `network` names another.
///
/// # Errors
/// [`LayerError::NotBuildable`] for a network without a kind.
pub(crate) fn network(
    layer: &str,
    hidden: Option<&[usize]>,
    network: Option<&Map<String, Value>>,
) -> Result<LayerSpec> {
    let Some(network) = network else {
        return Ok(Perceptron::<f64>::spec_of(hidden.unwrap_or(&HIDDEN)));
    };
    let mut options = network.clone();
    match options.remove("kind") {
        Some(Value::String(kind)) => Ok(LayerSpec { kind, options: Value::Object(options) }),
        _ => Err(LayerError::NotBuildable {
            kind: layer.to_owned(),
            reason: "its `network` needs a `kind`, such as \"perceptron\" or \"residual\"",
        }),
    }
}

/// Upper bound on the network's number of weights, before it is built.
pub(crate) fn numbers(
    hidden: Option<&[usize]>,
    network: Option<&Map<String, Value>>,
    inputs: usize,
    outputs: usize,
) -> usize {
    let product = |a: usize, b: usize| a.saturating_mul(b);
    if let Some(network) = network {
        let number = |key: &str, usual: usize| -> usize {
            let given = network.get(key).and_then(Value::as_u64);
            given.map_or(usual, |value| usize::try_from(value).unwrap_or(usize::MAX))
        };
        // For every kind, the options are widths and numbers of layers.
        let (width, blocks) = (number("width", 64), number("blocks", 2));
        let hidden = network.get("hidden").and_then(Value::as_array).map_or(0, |hidden| {
            let widths = hidden.iter().filter_map(Value::as_u64);
            widths.fold(0, |most, width| most.max(usize::try_from(width).unwrap_or(usize::MAX)))
        });
        let width = width.max(hidden);
        let inner = product(product(width, width), product(2, blocks.max(5)));
        return product(width, inputs.saturating_add(outputs)).saturating_add(inner);
    }
    let hidden = hidden.unwrap_or(&HIDDEN);
    let sizes: Vec<usize> = std::iter::once(inputs).chain(hidden.iter().copied()).chain([outputs]).collect();
    sizes.windows(2).map(|pair| product(pair[0], pair[1])).fold(0, usize::saturating_add)
}
