//! Reads rows in blocks from files and pipes that need not fit into memory.
//!
//! [`open_rows`] reads `.npy`, `.npz`, CSV, Parquet and Arrow IPC; [`NpyFile`] gives random access to the rows of an
//! `.npy` file. Memory is bounded by one block of rows, whatever the length of the file.

mod checked_entry;
#[cfg(feature = "parquet")]
mod columnar_rows;
mod csv_rows;
mod fortran_rows;
mod input;
mod map_row;
mod mapped_rows;
#[cfg(not(feature = "parquet"))]
mod not_built;
mod npy_file;
mod npy_rows;
mod npz;
mod open;
mod read_rows;
mod records;
mod selected_columns;
mod table;
mod text_source;

#[cfg(feature = "parquet")]
pub(crate) use columnar_rows::ColumnarRows;
pub(crate) use csv_rows::CsvRows;
pub use input::Input;
pub(crate) use input::without_member;
pub use map_row::MapRow;
pub use mapped_rows::MappedRows;
#[cfg(not(feature = "parquet"))]
pub(crate) use not_built::ColumnarRows;
pub use npy_file::NpyFile;
pub(crate) use npy_rows::open_npy;
pub(crate) use npz::{array_names, open_npz};
pub use open::{open_rows, open_stream};
pub use read_rows::{ReadRows, collect_named_rows, collect_rows};
pub use selected_columns::SelectedColumns;
pub(crate) use table::Table;
pub(crate) use text_source::decompress;
