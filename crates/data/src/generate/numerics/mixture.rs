//! Logarithms of Gaussian mixtures.

use std::f64::consts::PI;

/// `ln(2 pi noise^2)`: minus the log-density of the noise in the plane at 0.
pub(crate) fn log_norm(noise: f64) -> f64 {
    (2.0 * PI).ln() + 2.0 * noise.ln()
}

/// `ln(mean(exp(logs)))` without overflow; `-inf` if every log is.
pub(crate) fn log_mean_exp(logs: &[f64]) -> f64 {
    let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if largest == f64::NEG_INFINITY {
        return largest;
    }
    let sum: f64 = logs.iter().map(|log| (log - largest).exp()).sum();
    largest + (sum / logs.len() as f64).ln()
}
