//! The trait of all tables that are stored column by column.

use super::values::Values;
use crate::error::DataError;

/// Selected columns of a table, read forwards. Rows come in groups as they are stored; a column is
/// read in any number of steps within a group.
pub(crate) trait Columnar: Send {
    /// The total number of rows, if the file states it.
    fn rows(&self) -> Option<u64>;

    /// The rows that are left of the current group, or all of the next one; 0 at the end, where it is
    /// checked that the file is complete.
    fn available(&mut self) -> Result<usize, DataError>;

    /// Replaces `values` by the next `count` values of a selected column, no more than available.
    fn read(&mut self, column: usize, count: usize, values: &mut Values) -> Result<(), DataError>;

    /// Goes on by `count` rows, of which all columns have been read.
    fn consume(&mut self, count: usize);
}
