//! Columns of categories: reading, scores with them, and rows written with their labels.

mod labelled;
mod read;
mod rows;

pub(crate) use labelled::Labelled;
pub(crate) use read::{Found, beside, of_training, wanted};
pub(crate) use rows::LabelledRows;
