//! What can go wrong while training, saving and loading.

use std::path::PathBuf;

use pdmap_core::LayerError;
use pdmap_core::options::OptionsError;
use pdmap_data::DataError;

/// Errors of training, saving and loading.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// A row of a file of labels that names no class.
    #[error("{name}: row {row} is {value}, a class is a whole number below {classes}")]
    Label {
        /// The file.
        name: String,
        /// Row, from 0.
        row: usize,
        /// What stands there.
        value: f64,
        /// How many classes there are.
        classes: usize,
    },
    /// Conditions of another width than the model wants.
    #[error("{name}: {actual} numbers a row, a condition has {expected}")]
    ConditionWidth {
        /// The file.
        name: String,
        /// Numbers that fit.
        expected: usize,
        /// Numbers that came.
        actual: usize,
    },
    /// Rows that stay in their file have no condition beside them.
    #[error("rows that are larger than the memory for them cannot come with a condition")]
    ConditionsInFile,
    /// A layer or the flow refused.
    #[error(transparent)]
    Layer(#[from] LayerError),
    /// Rows could not be read from their file.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A description of a model that did not come from a file.
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// A description says something that is not understood.
    #[error("{file}:{line}: {source}")]
    Description {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong with which key.
        source: Box<OptionsError>,
    },
    /// A description asks for a layer that cannot be made.
    #[error("{file}:{line}: {source}")]
    DescriptionLayer {
        /// The file.
        file: String,
        /// The line of the layer, from 1.
        line: usize,
        /// What the layer says.
        source: Box<LayerError>,
    },
    /// A description is no TOML.
    #[error("{file}:{line}:{column}: {reason}")]
    DescriptionSyntax {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What the parser says.
        reason: String,
    },
    /// A description that is larger than any description.
    #[error("{file}: more than {limit} bytes, no description of a model")]
    DescriptionTooLong {
        /// The file.
        file: String,
        /// Bytes that are read at most.
        limit: u64,
    },
    /// A checkpoint of another run: it cannot be gone on from, and is not overwritten either.
    #[error("{}: the checkpoint is of another run: {key} was {checkpoint}, now {run}; resume with what it was made with, or start without --resume", path.display())]
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
    /// A checkpoint that nobody asked to go on from, and that a new run would replace.
    #[error("{}: a checkpoint is there: --resume goes on from it, and a new run wants it removed or another folder", path.display())]
    CheckpointThere {
        /// The checkpoint.
        path: PathBuf,
    },
    /// Another run has the folder.
    #[error("{}: another run is writing its checkpoints there", path.display())]
    Locked {
        /// The folder.
        path: PathBuf,
    },
    /// Fewer rows than a batch.
    #[error("{actual} training rows, a batch takes {expected}")]
    TooFewRows {
        /// Rows of a batch.
        expected: usize,
        /// Rows there are.
        actual: usize,
    },
    /// More rows than are numbered.
    #[error("{actual} {what}, at most {limit} are numbered")]
    TooManyRows {
        /// Rows, or blocks of them.
        what: &'static str,
        /// How many there may be.
        limit: u64,
        /// How many there are.
        actual: u64,
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
    #[error("unknown model `{name}`; nearest is `{nearest}`, known: {known}")]
    UnknownPreset {
        /// The name asked for.
        name: String,
        /// The known name nearest to it.
        nearest: String,
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
    /// A model file or checkpoint is damaged, or is none.
    #[error("{}: not a readable model file or checkpoint: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
    /// A model file of a later format.
    #[error("{}: format {actual}, this program reads {expected}", path.display())]
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
