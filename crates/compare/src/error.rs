//! What can go wrong in a comparison.

use pdmap_core::LayerError;
use pdmap_report::ReportError;
use pdmap_train::{Preset, TrainError};

/// Errors of a comparison. A run that diverges is no error: it is reported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompareError {
    /// Training refused.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// A flow refused.
    #[error(transparent)]
    Layer(#[from] LayerError),
    /// A plot or the page could not be made.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// Nothing to compare.
    #[error("{actual} arms and {seeds} seeds: at least one of each is needed")]
    Empty {
        /// Arms of the plan.
        actual: usize,
        /// Seeds of the plan.
        seeds: u64,
    },
    /// An arm that is named twice would count its runs twice.
    #[error("arm {arm} is named more than once")]
    RepeatedArm {
        /// The arm.
        arm: Preset,
    },
    /// No test rows.
    #[error("no test rows")]
    NoTest,
}
