//! The columns of a table: their names.

mod names;

pub use names::{NameMismatch, match_names};
