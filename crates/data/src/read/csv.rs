//! CSV files into row matrices.

use std::fs::File;
use std::path::Path;

use ndarray::Array2;

use crate::DataError;
use crate::element::Element;
use crate::stream::{CsvRows, Head, Sniffed, TextOptions, collect_rows};

/// Reads a CSV file, `[rows, columns taken]`.
///
/// UTF-8 text with or without a byte order mark; cells may be quoted; lines end as on any system, and blank ones are skipped; there
/// are no comments. Cells are decimal numbers with a point, rounded once to `F`. Messages name a cell by the line of the file, from
/// 1, the row, from 0 without the header, and the column, from 0, with its name.
///
/// # Errors
/// [`DataError::NotFound`], [`DataError::Io`], [`DataError::UnknownFormat`] for what is no UTF-8 text, [`DataError::NotUtf8`] where
/// that is seen later, [`DataError::BadDelimiter`]; [`DataError::TooFewRows`] without rows; [`DataError::MissingCell`] (empty, `NA`,
/// `NaN`, `null`, `?`), [`DataError::InfiniteCell`], [`DataError::TextColumn`], [`DataError::NotANumber`],
/// [`DataError::RaggedRow`], [`DataError::RecordTooLong`]; [`DataError::UnknownColumn`], [`DataError::ColumnOutOfRange`],
/// [`DataError::NoHeader`], [`DataError::AmbiguousColumn`], [`DataError::RepeatedColumn`] and [`DataError::ZeroFeatures`] for columns
/// that cannot be taken.
pub fn read_csv<F: Element>(path: &Path, options: &TextOptions) -> Result<Array2<F>, DataError> {
    let io = |source| DataError::io(path, source);
    let mut file = File::open(path).map_err(io)?;
    let head = Head::read(&mut file).map_err(io)?;
    match head.sniff() {
        Sniffed::Text | Sniffed::Empty => {
            let mut rows = CsvRows::open(path, head, Box::new(file), options)?;
            collect_rows(&mut rows)
        }
        _ => Err(DataError::UnknownFormat { path: path.to_path_buf() }),
    }
}
