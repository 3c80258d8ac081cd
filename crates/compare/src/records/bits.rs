//! Bits per dimension.

use pdmap_core::Real;
use pdmap_data::Splits;

/// `−(log p + log|d row/d pixel|) / (D log 2)`. For data without pixels the Jacobian term is 0.
pub(crate) fn bits_per_dim<F: Real>(test: f64, data: &Splits<F>) -> f64 {
    let pixel = data.facts.pixel_log_det.unwrap_or(0.0);
    -(test + pixel) / (data.test.ncols() as f64 * std::f64::consts::LN_2)
}
