//! What a table is: the kind, range and quantiles of each column, and the columns that make its
//! support degenerate (constant, duplicate, linearly dependent).
//!
//! [`describe`] takes rows in memory; [`Describer`] takes them in blocks, from files and pipes of
//! any length.

mod column;
mod correlation;
mod dependence;
mod describer;
mod duplicates;
mod evenly;
mod grid;
mod rounding;
mod summary;
mod table;

pub use describer::Describer;
pub use summary::{ColumnKind, ColumnSummary, Degenerate, Description, Distinct};
pub use table::describe;
