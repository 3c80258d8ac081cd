//! Rows in blocks: files and pipes that need not fit into memory.
//!
//! [`open_rows`] reads `.npy`, `.npz` and CSV; [`RowWriter`] writes `.npy` and CSV; [`NpyFile`] reads any rows of a
//! `.npy` file in any order. Memory is bounded by one block of rows, whatever the length of the file.

mod cell;
mod checked_entry;
mod columns;
mod csv_rows;
mod delimiter;
mod fortran_rows;
mod input;
mod line_ends;
mod npy_file;
mod npy_head;
mod npy_rows;
mod npz;
mod open;
mod output;
mod place;
mod read_rows;
mod record_limit;
mod row_writer;
mod sink;
mod sniff;
mod text_options;

pub(crate) use csv_rows::CsvRows;
pub use input::Input;
pub(crate) use input::without_member;
pub use npy_file::NpyFile;
pub(crate) use npy_rows::{NpyRows, open_npy};
pub(crate) use npz::{array_names, open_npz};
pub use open::{open_rows, open_stream};
pub use output::{Output, RowFormat, RowShape};
pub use place::Place;
pub use read_rows::{ReadRows, collect_rows};
pub use row_writer::RowWriter;
pub(crate) use sniff::{Head, Sniffed};
pub use text_options::{CsvHeader, TextOptions};
