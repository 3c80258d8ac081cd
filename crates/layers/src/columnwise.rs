//! Which layers map each column by itself.

/// Kinds of layers whose outputs depend, each increasing, on the input of the same column alone.
const KINDS: &[&str] = &[
    "asinh",
    "domain",
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

/// Whether each output of a layer of this kind increases with the input of the same column and
/// depends on no other. (An angle that is not cut open increases up to a turn.)
pub fn is_columnwise(kind: &str) -> bool {
    KINDS.contains(&kind)
}
