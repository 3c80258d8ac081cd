//! What can go wrong with descriptions, rows and files.

use std::path::PathBuf;

use pdmap_core::LayerError;
use pdmap_core::options::OptionsError;
use pdmap_data::DataError;

/// Errors of descriptions, presets, rows and model files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpecError {
    /// A row that does not lie in the subspace of the training rows: its density is 0.
    #[error(
        "row {row} is off the subspace of the training rows by {distance:.3e} standard deviations, at most {tolerance:.3e} allowed"
    )]
    OffSubspace {
        /// Its number, from 0.
        row: usize,
        /// Its distance ([`Subspace::distance`](crate::Subspace::distance)).
        distance: f64,
        /// The largest distance of a row that counts as inside.
        tolerance: f64,
    },
    /// More columns than a subspace is fitted to.
    #[error("a reduced rank takes at most {limit} columns, the rows have {actual}; --drop-degenerate has no limit")]
    SubspaceColumns {
        /// The limit.
        limit: usize,
        /// Columns of the rows.
        actual: usize,
    },
    /// The name of a class that the model does not know.
    #[error("{name}: row {row}: unknown class {label:?}; known: {known}")]
    UnknownClass {
        /// The file.
        name: String,
        /// Its row, from 0.
        row: usize,
        /// The name.
        label: String,
        /// The known names.
        known: String,
    },
    /// A label of a column of categories that the training rows do not have.
    #[error(
        "{name}: row {row}, column {column:?}: unknown label {label:?}; known: {known}; --unseen other takes such labels as one more, with the probability that the smoothing gives it"
    )]
    UnknownCategory {
        /// The file.
        name: String,
        /// Its row, from 0.
        row: usize,
        /// The name of the column.
        column: String,
        /// The label.
        label: String,
        /// The known labels, or the first of many.
        known: String,
    },
    /// A model that was asked for labels has no columns of categories.
    #[error("the model has no columns of categories")]
    NoCategories,
    /// A row with unknown labels in columns of too many labels.
    #[error(
        "unknown labels in columns {columns:?} of the categories stand for {actual} combinations, more than {limit}"
    )]
    Completions {
        /// The columns, from 0.
        columns: Vec<usize>,
        /// Combinations of their known labels.
        actual: usize,
        /// The limit.
        limit: usize,
    },
    /// An error of the density of categories.
    #[error(transparent)]
    Categories(#[from] pdmap_categories::CategoriesError),
    /// A row of a file of labels that is no class.
    #[error("{name}: row {row} is {value}; a class is a whole number below {classes}")]
    Label {
        /// The file.
        name: String,
        /// Row, from 0.
        row: usize,
        /// Its value.
        value: f64,
        /// The number of classes.
        classes: usize,
    },
    /// Conditions whose width does not fit the model.
    #[error("{name}: {actual} numbers a row; the condition has {expected}")]
    ConditionWidth {
        /// The file.
        name: String,
        /// Width of the model's condition.
        expected: usize,
        /// Width given.
        actual: usize,
    },
    /// Rows that stay in their file cannot have a condition.
    #[error("rows that exceed the memory limit cannot have a condition")]
    ConditionsInFile,
    /// A description names columns with bounds, and nothing says which features they are.
    #[error("the model has `columns` with bounds or periods: `pdmap train` reads them, other commands do not")]
    UnboundColumns,
    /// A layer or the flow refused.
    #[error(transparent)]
    Layer(#[from] LayerError),
    /// Rows could not be read from their file.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A description of a model that did not come from a file.
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// A description with an error at one of its keys.
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
        /// The layer's error.
        source: Box<LayerError>,
    },
    /// A description that is not TOML.
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
    /// A description above the size limit.
    #[error("{file}: more than {limit} bytes, which is no description of a model")]
    DescriptionTooLong {
        /// The file.
        file: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// More rows than can be numbered.
    #[error("{actual} {what}, at most {limit} are supported")]
    TooManyRows {
        /// Rows, or blocks of them.
        what: &'static str,
        /// The limit.
        limit: u64,
        /// How many were given.
        actual: u64,
    },
    /// An unknown preset.
    #[error("unknown model `{name}`; nearest is `{nearest}`, known: {known}")]
    UnknownPreset {
        /// The requested name.
        name: String,
        /// The nearest known name.
        nearest: String,
        /// All known names, separated by commas.
        known: String,
    },
    /// The operating system could not read or write a file.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// The file is damaged, or is not a model file or checkpoint.
    #[error("{}: not a readable model file or checkpoint: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
    /// A model file in another format version.
    #[error("{}: format {actual}; this program reads {expected}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// The supported format.
        expected: u32,
        /// The format of the file.
        actual: u32,
    },
    /// A model file in the other precision.
    #[error("{}: the model is {actual}, but {expected} was requested", path.display())]
    Dtype {
        /// The file.
        path: PathBuf,
        /// The requested precision.
        expected: &'static str,
        /// The precision of the file.
        actual: String,
    },
    /// The parts of a model file contradict each other.
    #[error("{}: {source}", path.display())]
    Inconsistent {
        /// The file.
        path: PathBuf,
        /// The layer's error.
        source: Box<LayerError>,
    },
    /// A member that an ensemble does not have.
    #[error("no member {index}: {}", if *count == 0 { "the model is one flow, no ensemble".to_owned() } else { format!("the ensemble has {count}, counted from 0") })]
    NoMember {
        /// The number that was asked for.
        index: usize,
        /// The number of members.
        count: usize,
    },
    /// An ensemble, of which codes were asked for.
    #[error("the model is an ensemble of {count} flows, each with codes of its own: name one (--member 0 to {})", count - 1)]
    NoCodes {
        /// The number of members.
        count: usize,
    },
    /// A model that could be written, but not read again.
    #[error("the model cannot be saved: {what} {actual}, a model file holds at most {limit}")]
    TooLarge {
        /// What exceeds its limit.
        what: &'static str,
        /// The limit.
        limit: u64,
        /// The value.
        actual: u64,
    },
    /// A model whose header contradicts its flow, or cannot be represented.
    #[error("the model cannot be saved: {reason}")]
    Unsavable {
        /// What does not fit.
        reason: String,
    },
}
