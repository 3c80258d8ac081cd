//! What is checked before a run.

use ndarray::ArrayView2;
use pdmap_core::Real;
use pdmap_spec::{Rows, SpecError, TrainConfig};

use crate::error::TrainError;

/// Names of the rows in errors.
pub(crate) const TRAINING: &str = "training rows";
pub(crate) const VALIDATION: &str = "validation rows";

/// Checks the numbers of rows.
pub(crate) fn check_rows<F: Real>(
    rows: Rows<'_, F>,
    validation: ArrayView2<'_, F>,
    config: &TrainConfig,
) -> Result<(), TrainError> {
    if config.batch == 0 || rows.count() < config.batch as u64 {
        let actual = usize::try_from(rows.count()).unwrap_or(usize::MAX);
        return Err(TrainError::TooFewRows { expected: config.batch.max(1), actual });
    }
    if let (Rows::Memory(_), actual, limit) = (rows, rows.count(), u64::from(u32::MAX))
        && actual > limit
    {
        return Err(SpecError::TooManyRows { what: "training rows in memory", limit, actual }.into());
    }
    if validation.nrows() == 0 {
        return Err(TrainError::NoValidation);
    }
    Ok(())
}
