//! Reads a CSV file into a matrix.

use std::fs::File;
use std::path::Path;

use ndarray::Array2;

use crate::element::Element;
use crate::error::DataError;
use crate::format::{Head, Sniffed};
use crate::stream::{CsvRows, collect_rows};
use crate::text::TextOptions;

/// Reads a CSV file as `[rows, selected columns]`.
///
/// The file is UTF-8 text with or without a byte order mark. Cells may be quoted; lines may end in
/// LF, CRLF or CR; blank lines are skipped; there are no comments. Cells are decimal numbers with a
/// point, rounded once to `F`. Messages give a cell's line in the file (from 1), its row (from 0,
/// not counting the header), and its column (from 0, with its name).
///
/// # Errors
/// [`DataError::NotFound`], [`DataError::Io`]; [`DataError::UnknownFormat`] if the file does not
/// start as UTF-8 text, [`DataError::NotUtf8`] if a later line is not UTF-8;
/// [`DataError::BadDelimiter`]; [`DataError::TooFewRows`] without rows; [`DataError::MissingCell`]
/// (empty, `NA`, `NaN`, `null`, `?`), [`DataError::InfiniteCell`], [`DataError::TextColumn`],
/// [`DataError::NotANumber`], [`DataError::RaggedRow`], [`DataError::RecordTooLong`]; and for
/// invalid column selections [`DataError::UnknownColumn`], [`DataError::ColumnOutOfRange`],
/// [`DataError::NoHeader`], [`DataError::AmbiguousColumn`], [`DataError::RepeatedColumn`] and
/// [`DataError::ZeroFeatures`].
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
