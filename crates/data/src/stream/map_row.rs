//! Maps of rows.

use crate::error::DataError;

/// A map from a row of `G` to features in `F`.
pub trait MapRow<G, F>: Send {
    /// Features of a row.
    fn features(&self) -> usize;

    /// Appends the features of the row with this number to `block`. `name` is that of the rows in
    /// messages.
    ///
    /// # Errors
    /// Any [`DataError`] about the row.
    fn append(&self, row: &[G], number: u64, name: &str, block: &mut Vec<F>) -> Result<(), DataError>;
}
