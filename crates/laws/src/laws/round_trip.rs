//! `f⁻¹(f(x)) = x`, `f(f⁻¹(y)) = y`, and the log-determinant of the inverse is the negative.

use pdmap_core::{LayerExt, Real};

use crate::tolerance::{LOG_DET_INVERSE, ROUND_TRIP, rounding};
use crate::verdict::distance;
use crate::{Case, Verdict};

/// Round trips in both orders.
pub fn round_trip<F: Real>(case: &Case<'_, F>) -> Verdict {
    let (layer, x, size) = (case.layer(), case.rows(), case.rows().ncols());
    let allowed = |condition| rounding::<F>(size, condition, ROUND_TRIP);
    let (y, log_det) = case.image()?;
    let (back, inverse_log_det) = layer.untransform(&y)?;
    case.within("f⁻¹(f(x)) − x", distance(&back, x.reborrow()), allowed)?;
    let negated: Vec<f64> = inverse_log_det.iter().map(|v| -v).collect();
    case.within("log-det of the inverse", distance(&negated, &log_det), |condition| {
        rounding::<F>(size, condition * condition, LOG_DET_INVERSE)
    })?;

    // The rows serve as y here: moderate numbers, which every layer must be able to invert.
    let (x2, _) = layer.untransform(x.reborrow())?;
    let case = case.on(x2);
    let (y2, _) = case.image()?;
    case.within("f(f⁻¹(y)) − y", distance(&y2, x), allowed)
}
