//! Writes files atomically, and rows as `.npy` or CSV.
//!
//! [`RowWriter`] writes rows in blocks, to files and streams; [`write_npy`] writes a whole array;
//! [`write_atomically`] writes any file, complete or not at all.

mod atomic;
mod mixed_writer;
mod npy;
mod npy_head;
mod output;
mod row_writer;
mod sink;

pub use atomic::{check_writable, remove_leftovers, write_atomically};
pub use mixed_writer::{MixedCell, MixedWriter};
pub use npy::write_npy;
pub use output::{Output, RowFormat, RowShape};
pub use row_writer::RowWriter;
