//! What can go wrong while training, saving and loading.

use std::path::PathBuf;

use pdmap_core::LayerError;

/// Errors of training, saving and loading.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// A layer or the flow refused.
    #[error(transparent)]
    Layer(#[from] LayerError),
    /// Fewer rows than a batch.
    #[error("{actual} training rows, a batch takes {expected}")]
    TooFewRows {
        /// Rows of a batch.
        expected: usize,
        /// Rows there are.
        actual: usize,
    },
    /// No rows to validate on.
    #[error("no validation rows")]
    NoValidation,
    /// The very first evaluation gave no finite likelihood: there is no good state to return to.
    #[error("the log-likelihood of the validation rows is {value} before the first step")]
    NonFiniteStart {
        /// What came.
        value: f64,
    },
    /// A preset's name.
    #[error("unknown model `{name}`; known: {known}")]
    UnknownPreset {
        /// The name asked for.
        name: String,
        /// The names there are, separated by commas.
        known: String,
    },
    /// The operating system refused to read or write a model file.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A model file is damaged or no model file.
    #[error("{}: not a readable model file: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
    /// A model file of a later format.
    #[error("{}: model format {actual}, this program reads {expected}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// The format that is read.
        expected: u32,
        /// The format of the file.
        actual: u32,
    },
    /// A model file in the other precision.
    #[error("{}: the model is {actual}, {expected} was asked for", path.display())]
    Dtype {
        /// The file.
        path: PathBuf,
        /// The precision asked for.
        expected: &'static str,
        /// The precision of the file.
        actual: String,
    },
    /// The parts of a model file contradict each other.
    #[error("{}: {source}", path.display())]
    Inconsistent {
        /// The file.
        path: PathBuf,
        /// What a layer said.
        source: LayerError,
    },
}
