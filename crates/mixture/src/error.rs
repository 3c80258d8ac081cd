//! Errors of mixtures, with their numbers.

use pdmap_core::LayerError;

/// Errors of Gaussian mixtures.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MixtureError {
    /// A mixture was to be fitted to no rows.
    #[error("no rows to fit a mixture to")]
    NoRows,
    /// A column has one value in all rows, so that no density describes it.
    #[error("column {column} is {value} in all {rows} rows: a constant column has no density")]
    ConstantColumn {
        /// Column, from 0.
        column: usize,
        /// Its value.
        value: f64,
        /// Number of rows.
        rows: usize,
    },
    /// Weights of components are negative, not finite, or all 0.
    #[error("weight {component} is {value}: weights must be finite, at least 0, and not all 0")]
    Weight {
        /// Component, from 0.
        component: usize,
        /// Its weight.
        value: f64,
    },
    /// A mixture without components.
    #[error("a mixture needs at least one component")]
    NoComponents,
    /// Components of a mixture, or the columns of a question, that do not go together.
    #[error("{what}: expected {expected}, found {actual}")]
    Count {
        /// What was counted.
        what: &'static str,
        /// The number that was expected.
        expected: usize,
        /// The number found.
        actual: usize,
    },
    /// A question about a column that does not exist, or about one column twice.
    #[error("column {column} of {columns}: columns of a question must exist and differ")]
    Column {
        /// The column, from 0.
        column: usize,
        /// Columns of the mixture.
        columns: usize,
    },
    /// An error of the linear algebra, such as a covariance that is not positive definite.
    #[error(transparent)]
    Core(#[from] LayerError),
}

impl From<MixtureError> for LayerError {
    fn from(error: MixtureError) -> Self {
        match error {
            MixtureError::Core(error) => error,
            MixtureError::NoRows => Self::NoRows,
            other => Self::other(other),
        }
    }
}

/// Result of the operations of this crate.
pub type Result<T, E = MixtureError> = std::result::Result<T, E>;
