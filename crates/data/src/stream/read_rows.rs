//! The trait of all block readers.

use ndarray::Array2;

use crate::column_report::ColumnReport;
use crate::element::{Element, into_rows};
use crate::error::DataError;
use crate::text::TextReport;

/// Reads rows in blocks.
pub trait ReadRows<F: Element>: Send {
    /// The name of the data in messages: the path, or `standard input`.
    fn name(&self) -> &str;

    /// Features per row, at least 1.
    fn features(&self) -> usize;

    /// The total number of rows if the file states it (`.npy`, `.npz`, Parquet); `None` for others.
    fn rows(&self) -> Option<u64>;

    /// The feature names, if any (a CSV file with a header row, an array of records, Parquet, Arrow).
    fn columns(&self) -> Option<&[String]>;

    /// The names of all columns of the table, those that were not selected among them.
    fn all_columns(&self) -> Option<&[String]> {
        self.columns()
    }

    /// The header name of the column of row names, or `id` without a header, if one was selected
    /// with [`TextOptions::id`](crate::TextOptions::id).
    fn id_column(&self) -> Option<&str> {
        None
    }

    /// The names of the rows returned by the last [`read`](Self::read); empty unless a column of
    /// row names was selected.
    fn ids(&self) -> &[String] {
        &[]
    }

    /// What was read from a text file, and how; `None` for other formats.
    fn text_report(&self) -> Option<&TextReport> {
        None
    }

    /// What was read from a Parquet or Arrow table, and how; `None` for other formats.
    fn column_report(&self) -> Option<&ColumnReport> {
        None
    }

    /// Clears `block` and fills it with up to `limit` rows, row-major `[rows, features]`. Returns
    /// the number of rows read, which is 0 only at the end (or if `limit` is 0).
    ///
    /// The call that returns the last row also checks that the data are complete and that nothing
    /// follows them. After an error the content of `block` is unspecified.
    ///
    /// # Errors
    /// Any [`DataError`] about the rows of this block.
    fn read(&mut self, limit: usize, block: &mut Vec<F>) -> Result<usize, DataError>;
}

/// Reads all remaining rows, `[rows, features]`.
///
/// # Errors
/// Those of [`ReadRows::read`]; [`DataError::TooLarge`] if the allocation fails.
pub fn collect_rows<F: Element>(reader: &mut dyn ReadRows<F>) -> Result<Array2<F>, DataError> {
    Ok(collect_named_rows(reader)?.0)
}

/// Reads all remaining rows, `[rows, features]`, with their names; no names without a column of them.
///
/// # Errors
/// As [`collect_rows`].
pub fn collect_named_rows<F: Element>(reader: &mut dyn ReadRows<F>) -> Result<(Array2<F>, Vec<String>), DataError> {
    let features = reader.features();
    let mut values = Vec::new();
    let mut rows = reader.read(usize::MAX, &mut values)?;
    let mut names = reader.ids().to_vec();
    let mut block = Vec::new();
    loop {
        let more = reader.read(usize::MAX, &mut block)?;
        if more == 0 {
            return Ok((into_rows(values, rows, features)?, names));
        }
        values.try_reserve(block.len()).map_err(|_| DataError::TooLarge { rows: rows + more, features })?;
        values.append(&mut block);
        names.extend_from_slice(reader.ids());
        rows += more;
    }
}
