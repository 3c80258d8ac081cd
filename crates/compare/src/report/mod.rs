//! The report: the page, its plots, the text table and the CSV file.

mod cells;
mod cost;
mod csv;
mod diagnostics;
mod facts;
mod figures;
mod outline;
mod page;
mod prose;
mod readings;
mod table;
mod targets;
mod tuning_table;

pub use csv::csv;
pub use figures::figures;
pub use outline::outline;
pub use page::page;
pub use table::{headers, rows, text_table};
