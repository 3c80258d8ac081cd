//! Self-contained HTML pages of text, tables and figures.

mod render;
mod table;

pub use render::{Figure, Page, Section};
pub use table::Table;
