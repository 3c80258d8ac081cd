//! Reads a CSV file into a matrix.

use std::fs::File;
use std::path::Path;

use ndarray::Array2;

use crate::element::Element;
use crate::error::DataError;
use crate::format::{Head, Sniffed, Stream};
use crate::stream::{CsvRows, collect_rows};
use crate::text::TextOptions;

/// Reads a CSV file as `[rows, selected columns]`.
///
/// The file is text in UTF-8 with or without a byte order mark, in UTF-16 with one, or in the
/// encoding of `options`; plain, or compressed with gzip or Zstandard, which its content tells.
/// Cells may be quoted; lines may end in LF, CRLF or CR; blank lines are skipped, and so are lines
/// that start with `#` above the table. Delimiter, decimal point, separators of thousands and
/// header are detected from the head of the file. Numbers are rounded once to `F`. Dates and times
/// (ISO 8601, or with a blank for the `T`) become seconds since 1970-01-01 UTC. Columns that have
/// no name and are empty or count the rows are left out.
///
/// Messages give a cell's line in the file (from 1), its row (from 0, not counting the header), and
/// its column (from 0, with its name).
///
/// # Errors
/// [`DataError::NotFound`], [`DataError::Io`] (also for a damaged compressed stream);
/// [`DataError::UnknownFormat`] if the file does not start as text, [`DataError::NotUtf8`] for
/// another encoding; [`DataError::BadDelimiter`], [`DataError::BadNumberFormat`],
/// [`DataError::SkipsAll`]; [`DataError::TooFewRows`], [`DataError::NoRows`] without rows;
/// [`DataError::AmbiguousDecimal`], [`DataError::AmbiguousComma`],
/// [`DataError::AmbiguousHeader`], [`DataError::AmbiguousIndex`] where a guess is not safe;
/// [`DataError::MissingCell`] (empty or one of the usual tokens such as `NA`),
/// [`DataError::InfiniteCell`], [`DataError::TextColumn`], [`DataError::NotANumber`],
/// [`DataError::NotADate`], [`DataError::RaggedRow`], [`DataError::RecordTooLong`],
/// [`DataError::BrokenIndex`], [`DataError::NotEmpty`]; and for invalid column selections
/// [`DataError::UnknownColumn`], [`DataError::ColumnOutOfRange`], [`DataError::NoHeader`],
/// [`DataError::AmbiguousColumn`], [`DataError::RepeatedColumn`] and [`DataError::ZeroFeatures`].
pub fn read_csv<F: Element>(path: &Path, options: &TextOptions) -> Result<Array2<F>, DataError> {
    let io = |source| DataError::io(path, source);
    let mut file = File::open(path).map_err(io)?;
    let head = Head::read(&mut file).map_err(io)?;
    match head.sniff() {
        Sniffed::Text | Sniffed::OtherText | Sniffed::Gzip | Sniffed::Zstd | Sniffed::Empty => {
            let mut rows = CsvRows::open(Stream { path, head, rest: Box::new(file) }, options)?;
            collect_rows(&mut rows)
        }
        _ => Err(DataError::UnknownFormat { path: path.to_path_buf() }),
    }
}
