//! A layer from its specification and tensors is the same layer, bit for bit.

use pdmap_core::{LayerExt, Real, Tensors};

use crate::case::tensors;
use crate::verdict::{at_most, differences};
use crate::{Case, Verdict};

/// Through JSON and back.
pub fn specification<F: Real>(case: &Case<'_, F>) -> Verdict {
    let json = serde_json::to_string(&case.layer().spec()).unwrap_or_default();
    let spec = serde_json::from_str(&json).unwrap_or_else(|_| case.layer().spec());
    let mut tensors = Tensors::from_iter(tensors(case.layer()));
    let again = case.restore(&spec, &mut tensors)?;
    tensors.finish()?;
    let ((y, log_det), (y2, log_det2)) = (case.image()?, again.transform(case.rows())?);
    at_most("numbers that changed", differences(&y, &y2) + differences(&log_det, &log_det2), 0.0)
}
