//! Conclusions: contrasts between arms, their uncertainty, and which arms are best.

mod best;
mod contrast;
mod finding;
mod judge;
mod pairs;
mod sentences;

pub(crate) use best::{best, best_sentence};
pub use contrast::Contrast;
pub use finding::Finding;
pub(crate) use judge::contrasts;
pub(crate) use sentences::decimals;
pub use sentences::verdict;
