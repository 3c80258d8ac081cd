#![doc = include_str!("../README.md")]

mod counts;
mod em;
mod error;
mod latent;
mod questions;
mod select;

pub use counts::Counts;
pub use em::{Em, EmOptions, Progress};
pub use error::{CategoriesError, Result};
pub use latent::LatentClasses;
pub use select::{SelectOptions, Selection, Trial, select, select_counted};
