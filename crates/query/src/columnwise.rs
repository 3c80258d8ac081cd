//! Which layers map each column by itself.

use pdmap_core::LayerSpec;

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

/// Whether each output of a layer increases with the input of the same column and depends on no other.
pub fn is_columnwise(spec: &LayerSpec) -> bool {
    KINDS.contains(&spec.kind.as_str())
}
