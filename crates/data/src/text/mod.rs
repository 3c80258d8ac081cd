//! The parts of a CSV reader: encodings, line ends, dialect, records, columns and cells.

mod blanks;
mod cell;
mod columns;
mod date;
mod delimiter;
mod dialect;
mod encoding;
mod header;
mod line_ends;
mod number_format;
mod numbers;
mod options;
#[cfg(test)]
mod pieces;
mod preamble;
mod record_limit;
mod report;
mod shape;
mod structure;
mod two_readings;

pub(crate) use blanks::SingleBlanks;
pub(crate) use cell::{Cell, cell, is_missing};
pub(crate) use columns::{aside, choose, find};
pub(crate) use date::unix_seconds;
pub(crate) use delimiter::BLANKS;
pub(crate) use dialect::Dialect;
pub(crate) use encoding::{Decoded, Foreign};
pub(crate) use header::Names;
pub(crate) use line_ends::LineEnds;
pub(crate) use number_format::NumberFormat;
pub use options::{CsvHeader, IndexColumn, TextEncoding, TextOptions};
pub(crate) use record_limit::{RECORD_LIMIT, RecordLimit};
pub use report::{Compression, TextColumn, TextReport};
pub(crate) use shape::{Shape, shape};
pub(crate) use structure::{Aside, find_asides, is_named};
