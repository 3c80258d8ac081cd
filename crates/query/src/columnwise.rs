//! Which layers map each column by itself.

use pdmap_core::LayerSpec;
use serde::Deserialize;

/// Kinds of layers whose outputs depend, each increasing, on the input of the same column alone.
const KINDS: &[&str] = &[
    "asinh",
    "histogram",
    "leaky-tanh",
    "logistic-mixture",
    "logit",
    "scale",
    "shift",
    "sigmoid",
    "smooth-leaky-relu",
    "spline",
    "standardize",
];

/// Layers one after another.
const CHAIN: &str = "chain";

/// Whether each output of a layer increases with the input of the same column and depends on no other.
pub fn is_columnwise(spec: &LayerSpec) -> bool {
    match spec.kind.as_str() {
        CHAIN => match spec.options.get("layers").map(Vec::<LayerSpec>::deserialize) {
            Some(Ok(layers)) => layers.iter().all(is_columnwise),
            _ => false,
        },
        kind => KINDS.contains(&kind),
    }
}
