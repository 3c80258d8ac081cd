//! Errors of a comparison.

use std::path::PathBuf;

use pdmap_core::LayerError;
use pdmap_core::options::OptionsError;
use pdmap_report::ReportError;
use pdmap_train::TrainError;

/// Errors of a comparison. A run that diverges is not an error: the results report it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompareError {
    /// The flow of an arm could not be built or trained.
    #[error("arm {arm}: {source}")]
    Arm {
        /// Name of the arm.
        arm: String,
        /// The cause.
        source: Box<TrainError>,
    },
    /// A layer or flow reported an error.
    #[error(transparent)]
    Layer(#[from] LayerError),
    /// A plot or the page could not be rendered.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// The plan has no arms or no seeds.
    #[error("{actual} arms and {seeds} seeds: a comparison needs at least one of each")]
    Empty {
        /// Arms of the plan.
        actual: usize,
        /// Seeds of the plan.
        seeds: u64,
    },
    /// The plan is inconsistent or out of range.
    #[error("the plan: {0}")]
    Plan(OptionsError),
    /// The plan has no arm of this name.
    #[error("no arm is called `{name}`; nearest is `{nearest}`, arms: {known}")]
    UnknownArm {
        /// The requested name.
        name: String,
        /// The most similar name.
        nearest: String,
        /// All names, separated by commas.
        known: String,
    },
    /// A finished run could not be stored.
    #[error("{}: {reason}", path.display())]
    Store {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        reason: String,
    },
    /// The final runs could not be written as a table.
    #[error("results.csv: {reason}")]
    Table {
        /// The cause.
        reason: String,
    },
    /// A thread pool could not be created.
    #[error("cannot start {threads} threads for a run: {reason}")]
    Threads {
        /// Requested number of threads.
        threads: usize,
        /// What the system reported.
        reason: String,
    },
    /// The rows could not be hashed.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// There are no test rows.
    #[error("no test rows")]
    NoTest,
}
