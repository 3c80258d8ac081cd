//! Opens rows from a file or a pipe, detecting the format from the first bytes.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

#[cfg(feature = "parquet")]
use super::columnar_rows::ColumnarRows;
use super::csv_rows::CsvRows;
use super::input::{Input, STDIN, without_member};
#[cfg(not(feature = "parquet"))]
use super::not_built::ColumnarRows;
use super::npy_rows::{open_npy, pipe};
use super::npz::open_npz;
use super::read_rows::ReadRows;
use crate::element::Element;
use crate::error::DataError;
use crate::format::{Head, Sniffed, Stream, read_header};
use crate::text::TextOptions;

/// Describes an archive that was given through a pipe.
const ARCHIVE: &str = "an .npz archive (its table of contents is at the end)";

/// Describes a Parquet file that was given through a pipe.
const PARQUET: &str = "Parquet (its columns are described at the end)";

/// Opens rows of `.npy`, `.npz`, CSV, Parquet or Arrow IPC, detected from the content.
///
/// * `.npy`: numbers of rank 2 or 1, or records, as [`read_npy`](crate::read_npy) describes. Values
///   are not checked; see [`check_rows`](crate::check_rows). Fortran order is gathered column by
///   column and needs a file.
/// * `.npz`: the only array of the archive, or the one selected with `#NAME` at the end of the
///   path. Needs a file.
/// * CSV: text according to `options`, plain or compressed with gzip or Zstandard. Every selected
///   cell must be a finite number or a date. [`ReadRows::text_report`] says how it was read.
/// * Parquet (feature `parquet`, as Arrow): columns of integers, floats, bool, decimal numbers, dates
///   and times, selected by `columns`, `id` and `index` of `options`. A null is an error, as is an
///   integer that no `f64` holds exactly; dates and times become seconds, as in CSV.
///   [`ReadRows::column_report`] says how it was read. Memory is bounded by one page and the dictionary
///   of each column. Needs a file.
/// * Arrow IPC, as a file (also called Feather, version 2) or as a stream: the same, but memory is
///   bounded by a block or a window of each column, its dictionary and, of row names, compressed
///   views; from a pipe also by one message.
///
/// # Errors
/// [`DataError::NotFound`], [`DataError::Io`]; [`DataError::NotRows`] for a folder or another known
/// format, [`DataError::UnknownFormat`] for other binary data; [`DataError::NeedsAFile`] for data
/// that a pipe cannot provide; [`DataError::ColumnsOfAnArray`] if columns of an array are selected.
/// For `.npy` those of [`read_npy`](crate::read_npy), for `.npz` those of
/// [`read_npz`](crate::read_npz), for CSV those of [`read_csv`](crate::read_csv). For Parquet and
/// Arrow [`DataError::BadTable`], [`DataError::NotNumeric`], [`DataError::TooFewRows`],
/// [`DataError::MissingCell`], [`DataError::InexactInteger`], [`DataError::InfiniteCell`], those about
/// the selection of columns, and [`DataError::NotBuilt`] without the feature.
pub fn open_rows<F: Element>(input: &Input, options: &TextOptions) -> Result<Box<dyn ReadRows<F>>, DataError> {
    match input {
        Input::Stdin => open_stream(STDIN, std::io::stdin(), options),
        Input::File(path) => open_file(path, options),
    }
}

/// Opens rows of a non-seekable stream, as [`open_rows`] does for standard input; messages call it
/// `name`.
///
/// # Errors
/// Those of [`open_rows`].
pub fn open_stream<F: Element>(
    name: &str,
    reader: impl Read + Send + 'static,
    options: &TextOptions,
) -> Result<Box<dyn ReadRows<F>>, DataError> {
    let path = PathBuf::from(name);
    let mut reader = reader;
    let head = Head::read(&mut reader).map_err(|source| DataError::io(&path, source))?;
    match head.sniff() {
        Sniffed::Npy => {
            refuse_columns(&path, options)?;
            let mut whole = Cursor::new(head.bytes).chain(reader);
            let header = read_header(&path, &mut whole)?;
            pipe(&path, whole, header)
        }
        Sniffed::Zip => Err(DataError::NeedsAFile { path, what: ARCHIVE }),
        Sniffed::Parquet => Err(DataError::NeedsAFile { path, what: PARQUET }),
        Sniffed::Arrow => Ok(Box::new(ColumnarRows::of_arrow_stream(&path, head.bytes, Box::new(reader), options)?)),
        _ => open_text(Stream { path: &path, head, rest: Box::new(reader) }, options),
    }
}

fn open_file<F: Element>(path: &Path, options: &TextOptions) -> Result<Box<dyn ReadRows<F>>, DataError> {
    let (path, member) = without_member(path);
    let io = |source| DataError::io(path, source);
    let metadata = std::fs::metadata(path).map_err(io)?;
    if metadata.is_dir() {
        return Err(DataError::NotRows { path: path.to_path_buf(), found: "a folder" });
    }
    let mut file = File::open(path).map_err(io)?;
    if !metadata.is_file() {
        return open_stream(&path.display().to_string(), file, options);
    }
    let head = Head::read(&mut file).map_err(io)?;
    let sniffed = head.sniff();
    if let (Some(member), false) = (member, sniffed == Sniffed::Zip) {
        return Err(DataError::NotAnArchive { path: path.to_path_buf(), member: member.to_owned() });
    }
    match sniffed {
        Sniffed::Npy => {
            refuse_columns(path, options)?;
            open_npy(path)
        }
        Sniffed::Zip => {
            refuse_columns(path, options)?;
            open_npz(path, member)
        }
        Sniffed::Parquet => Ok(Box::new(ColumnarRows::of_parquet(path, file, options)?)),
        Sniffed::Arrow => Ok(Box::new(ColumnarRows::of_arrow_file(path, file, options)?)),
        _ => open_text(Stream { path, head, rest: Box::new(file) }, options),
    }
}

/// Opens CSV text, or returns an error that names the actual format.
fn open_text<F: Element>(stream: Stream<'_>, options: &TextOptions) -> Result<Box<dyn ReadRows<F>>, DataError> {
    let path = stream.path;
    let not_rows = |found| Err(DataError::NotRows { path: path.to_path_buf(), found });
    match stream.head.sniff() {
        Sniffed::Text | Sniffed::OtherText | Sniffed::Gzip | Sniffed::Zstd => {
            Ok(Box::new(CsvRows::open(stream, options)?))
        }
        Sniffed::Idx => not_rows("an IDX file of images"),
        Sniffed::Wav => not_rows("a WAV file (--protocol wav makes rows of its frames)"),
        Sniffed::Empty => Err(DataError::TooFewRows { name: path.display().to_string(), expected: 1, actual: 0 }),
        _ => Err(DataError::UnknownFormat { path: path.to_path_buf() }),
    }
}

fn refuse_columns(path: &Path, options: &TextOptions) -> Result<(), DataError> {
    match (&options.columns, &options.id, &options.categories[..]) {
        (None, None, []) => Ok(()),
        _ => Err(DataError::ColumnsOfAnArray { path: path.to_path_buf() }),
    }
}
