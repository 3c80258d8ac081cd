//! Densities of single numbers, as logarithms.

use std::f64::consts::{LN_2, PI};

use statrs::function::gamma::ln_gamma;

use crate::graph::Value;
use crate::normal;

/// `−z²/2 − ½ log 2π`.
pub(super) fn normal(z: Value<'_>) -> Value<'_> {
    normal::log_density(z)
}

/// `−|z| − 2 log(1 + e^{−|z|})`: that of `z` and `−z` is the same.
pub(super) fn logistic(z: Value<'_>) -> Value<'_> {
    -z.abs() - 2.0 * (1.0 + (-z.abs()).exp()).ln()
}

/// `−|z| − log 2`.
pub(super) fn laplace(z: Value<'_>) -> Value<'_> {
    -z.abs() - LN_2
}

/// `log Γ((ν+1)/2) − log Γ(ν/2) − ½ log(νπ) − (ν+1)/2·log(1 + z²/ν)`.
pub(super) fn student_t(z: Value<'_>, nu: f64) -> Value<'_> {
    let constant = ln_gamma(0.5 * (nu + 1.0)) - ln_gamma(0.5 * nu) - 0.5 * (nu * PI).ln();
    constant - 0.5 * (nu + 1.0) * (1.0 + z.square() / nu).ln()
}
