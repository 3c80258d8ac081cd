//! Errors of categorical densities, with their numbers.

/// Errors of latent class models.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CategoriesError {
    /// A model was to be fitted to no rows, or chosen by none.
    #[error("no rows to fit a latent class model to, or none to choose it by")]
    NoRows,
    /// Rows or a model without columns.
    #[error("a density of categories needs at least one column")]
    NoColumns,
    /// A column without labels.
    #[error("column {column} has no labels")]
    NoLabels {
        /// Column, from 0.
        column: usize,
    },
    /// A model without classes.
    #[error("a latent class model needs at least one class")]
    NoClasses,
    /// Numbers that do not go together.
    #[error("{what}: expected {expected}, found {actual}")]
    Count {
        /// What was counted.
        what: &'static str,
        /// The number that was expected.
        expected: usize,
        /// The number found.
        actual: usize,
    },
    /// A code beyond the labels of its column.
    #[error("row {row}, column {column}: code {code}, but the column has {labels} labels")]
    Code {
        /// Row, from 0.
        row: usize,
        /// Column, from 0.
        column: usize,
        /// The code.
        code: u32,
        /// Labels of the column.
        labels: usize,
    },
    /// A question about a column that does not exist, or about one column twice.
    #[error("column {column} of {columns}: columns of a question must exist and differ")]
    Column {
        /// The column, from 0.
        column: usize,
        /// Columns of the model.
        columns: usize,
    },
    /// Probabilities that are negative, not finite, or all 0.
    #[error("{what}: probabilities must be finite, at least 0, and not all 0; found {value} at {index}")]
    Probability {
        /// Which probabilities.
        what: &'static str,
        /// The first one that is wrong, counted over all rows.
        index: usize,
        /// Its value.
        value: f64,
    },
    /// A condition of probability 0.
    #[error("the given labels have probability 0 under the model")]
    Impossible,
    /// A smoothing that is not a positive number.
    #[error("smoothing {value}: must be finite and above 0")]
    Smoothing {
        /// Its value.
        value: f64,
    },
}

/// Result of the operations of this crate.
pub type Result<T, E = CategoriesError> = std::result::Result<T, E>;
