//! What can go wrong while training.

use std::path::PathBuf;

use pdmap_core::LayerError;
use pdmap_data::DataError;
use pdmap_spec::SpecError;

/// Errors of training and of checkpoints.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// A description, a file, rows, a layer or the flow.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// A checkpoint of another run: it cannot be resumed, and is not overwritten either.
    #[error("{}: the checkpoint is of another run: {key} was {checkpoint}, now {run}; resume with the settings and rows of that run, or start without --resume", path.display())]
    OtherRun {
        /// The checkpoint.
        path: PathBuf,
        /// What differs.
        key: String,
        /// Its value in the checkpoint.
        checkpoint: String,
        /// Its value in this run.
        run: String,
    },
    /// A checkpoint exists, and resuming from it was not requested; a new run would replace it.
    #[error("{}: a checkpoint exists: resume from it with --resume, or remove it or choose another folder for a new run", path.display())]
    CheckpointThere {
        /// The checkpoint.
        path: PathBuf,
    },
    /// Another run has locked the folder.
    #[error("{}: another run is writing its checkpoints there", path.display())]
    Locked {
        /// The folder.
        path: PathBuf,
    },
    /// Fewer rows than a batch, or, where the batch is left to adapt, than a run needs.
    #[error("{actual} training rows, at least {expected} needed (one batch: --batch N takes fewer)")]
    TooFewRows {
        /// Rows needed.
        expected: usize,
        /// Rows given.
        actual: usize,
    },
    /// A condition that no layer of the model reads.
    #[error("no layer of this model reads a condition; use one with couplings, such as gaussianization-orthonormal")]
    Unconditional,
    /// Weights of some rows only.
    #[error("weights of {given} rows without weights of {missing} rows")]
    PartlyWeighted {
        /// The rows that have weights.
        given: &'static str,
        /// Those that have none.
        missing: &'static str,
    },
    /// Bounds of a column that does not exist, or that is named twice.
    #[error("bounds of columns: {reason}")]
    Bounds {
        /// What is wrong.
        reason: String,
    },
    /// No rows to validate on.
    #[error("no validation rows")]
    NoValidation,
    /// The first validation gave no finite likelihood: there is no good state to return to.
    #[error("the log-likelihood of the validation rows is {value} before the first step")]
    NonFiniteStart {
        /// The value.
        value: f64,
    },
}

impl From<LayerError> for TrainError {
    fn from(error: LayerError) -> Self {
        Self::Spec(error.into())
    }
}

impl From<DataError> for TrainError {
    fn from(error: DataError) -> Self {
        Self::Spec(error.into())
    }
}
