//! What can go wrong in a comparison.

use std::path::PathBuf;

use pdmap_core::LayerError;
use pdmap_core::options::OptionsError;
use pdmap_report::ReportError;
use pdmap_train::TrainError;

/// Errors of a comparison. A run that diverges is no error: it is reported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompareError {
    /// A flow of an arm could not be built, or training refused.
    #[error("arm {arm}: {source}")]
    Arm {
        /// The arm.
        arm: String,
        /// What was wrong.
        source: Box<TrainError>,
    },
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
    /// A plan that contradicts itself.
    #[error("the plan: {0}")]
    Plan(OptionsError),
    /// An arm that the plan does not have.
    #[error("no arm is called `{name}`; nearest is `{nearest}`, arms: {known}")]
    UnknownArm {
        /// The name asked for.
        name: String,
        /// The name nearest to it.
        nearest: String,
        /// The names there are, separated by commas.
        known: String,
    },
    /// A finished run could not be kept.
    #[error("{}: {reason}", path.display())]
    Store {
        /// The file or folder.
        path: PathBuf,
        /// What was met.
        reason: String,
    },
    /// The final runs could not be written as a table.
    #[error("results.csv: {reason}")]
    Table {
        /// What was met.
        reason: String,
    },
    /// Threads could not be had.
    #[error("{threads} threads for a run: {reason}")]
    Threads {
        /// How many.
        threads: usize,
        /// What the system said.
        reason: String,
    },
    /// Rows could not be looked at.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// No test rows.
    #[error("no test rows")]
    NoTest,
}
