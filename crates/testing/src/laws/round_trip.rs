//! Law 1: `f⁻¹(f(x)) = x`, `f(f⁻¹(y)) = y`, and the inverse's log-determinant is the negative.

use ndarray::ArrayView2;
use pdmap_core::{Layer, LayerExt, Real};

use super::{Verdict, at_most, distance, log_det::condition};
use crate::tolerance::{LOG_DET_INVERSE, ROUND_TRIP, rounding};

/// Round trips in both orders.
pub fn round_trip<F: Real>(layer: &dyn Layer<F>, x: ArrayView2<'_, F>, _seed: u64) -> Verdict {
    let (size, condition) = (x.ncols(), condition(layer, x.reborrow())?);
    let allowed = rounding::<F>(size, condition, ROUND_TRIP);
    let (y, log_det) = layer.transform(x.reborrow())?;
    let (back, inverse_log_det) = layer.untransform(&y)?;
    at_most("f⁻¹(f(x)) − x", distance(&back, x.reborrow()), allowed)?;
    let negated: Vec<f64> = inverse_log_det.iter().map(|v| -v).collect();
    let allowed_log_det = rounding::<F>(size, condition * condition, LOG_DET_INVERSE);
    at_most("log-det of the inverse", distance(&negated, &log_det), allowed_log_det)?;

    // The rows serve as y here; they are moderate numbers, which every layer must be able to invert.
    let (x2, _) = layer.untransform(x.reborrow())?;
    let (y2, _) = layer.transform(&x2)?;
    let condition = super::log_det::condition(layer, x2.view())?;
    at_most("f(f⁻¹(y)) − y", distance(&y2, x), rounding::<F>(size, condition, ROUND_TRIP))
}
