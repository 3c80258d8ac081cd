//! Columns of categories: read, and written with their labels.

mod labelled;
mod read;

pub(crate) use labelled::Labelled;
pub(crate) use read::{Found, beside, of_training, wanted};
