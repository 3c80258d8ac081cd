//! What everything that gives rows in blocks can do.

use ndarray::Array2;

use crate::DataError;
use crate::element::{Element, into_rows};

/// Rows in blocks.
pub trait ReadRows<F: Element>: Send {
    /// What messages call the data: the path, or `standard input`.
    fn name(&self) -> &str;

    /// Features of a row, at least 1.
    fn features(&self) -> usize;

    /// The number of all rows, where the header tells it (`.npy`, `.npz`); `None` for CSV.
    fn rows(&self) -> Option<u64>;

    /// The names of the features, where there are names (a CSV file with a header row).
    fn columns(&self) -> Option<&[String]>;

    /// The name of the column that names the rows, where one was asked for ([`TextOptions::id`](crate::TextOptions::id)): that of the header, or `id`.
    fn id_column(&self) -> Option<&str> {
        None
    }

    /// The names of the rows that the last [`read`](Self::read) gave, where a column of names was asked for; or else nothing.
    fn ids(&self) -> &[String] {
        &[]
    }

    /// Clears `block` and fills it with up to `limit` rows, row-major `[rows, features]`. Gives the number of rows read, which is 0
    /// only at the end (or where `limit` is 0).
    ///
    /// That the data are complete and that nothing follows them is checked by the call that gives the last row. After an error
    /// `block` holds nothing of use.
    ///
    /// # Errors
    /// What is wrong with the rows of this block, each as a variant of [`DataError`].
    fn read(&mut self, limit: usize, block: &mut Vec<F>) -> Result<usize, DataError>;
}

/// All rows that are left, `[rows, features]`.
///
/// # Errors
/// Those of [`ReadRows::read`]; [`DataError::TooLarge`] where the memory is refused.
pub fn collect_rows<F: Element>(reader: &mut dyn ReadRows<F>) -> Result<Array2<F>, DataError> {
    let features = reader.features();
    let mut values = Vec::new();
    let mut rows = reader.read(usize::MAX, &mut values)?;
    let mut block = Vec::new();
    loop {
        let more = reader.read(usize::MAX, &mut block)?;
        if more == 0 {
            return into_rows(values, rows, features);
        }
        values.try_reserve(block.len()).map_err(|_| DataError::TooLarge { rows: rows + more, features })?;
        values.append(&mut block);
        rows += more;
    }
}
