//! Columns of categories beside the numbers of a model: `log p(c, x) = log p(c) + log p(x | c)`.

mod columns;
mod density;

pub use columns::{Categories, CategoryLabels};
pub use density::{Completion, LabelDensity};
