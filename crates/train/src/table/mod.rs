//! From a table in memory to a model: what `pdmap train` does with a file of rows.

mod columns;
mod config;
mod data;
mod fit;

pub use config::{DiscreteColumns, TableConfig, TableModel};
pub use data::TableData;
pub use fit::{FittedTable, fit_table};
