//! The parts of a CSV reader: line ends, delimiter, records, columns and cells.

mod cell;
mod columns;
mod delimiter;
mod line_ends;
mod options;
mod record_limit;

pub(crate) use cell::{Cell, cell};
pub(crate) use columns::{choose, find};
pub(crate) use delimiter::detect_delimiter;
pub(crate) use line_ends::LineEnds;
pub use options::{CsvHeader, TextOptions};
pub(crate) use record_limit::{RECORD_LIMIT, RecordLimit};
