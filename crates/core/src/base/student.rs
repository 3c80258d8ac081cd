//! Student-t, per feature and with unit scale.

use statrs::function::gamma::{digamma, ln_gamma};

/// `log Γ((ν+1)/2) − log Γ(ν/2) − ½ log(νπ)`: the constant of the log-density.
pub(super) fn log_constant(nu: f64) -> f64 {
    ln_gamma(0.5 * (nu + 1.0)) - ln_gamma(0.5 * nu) - 0.5 * (nu * std::f64::consts::PI).ln()
}

/// `log p(z) − log_constant(ν) = −(ν+1)/2 · log(1 + z²/ν)`.
pub(super) fn log_kernel(nu: f64, z: f64) -> f64 {
    -0.5 * (nu + 1.0) * (z * z / nu).ln_1p()
}

/// `∂ log p / ∂ log ν` at `z`.
pub(super) fn log_nu_gradient(nu: f64, z: f64) -> f64 {
    let constant = 0.5 * (digamma(0.5 * (nu + 1.0)) - digamma(0.5 * nu)) - 0.5 / nu;
    let square = z * z;
    let kernel = -0.5 * (square / nu).ln_1p() + 0.5 * (nu + 1.0) * square / (nu * (nu + square));
    nu * (constant + kernel)
}
