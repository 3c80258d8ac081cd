//! The page about one model: what it learned, how well, and whether it can be inverted.

mod categories;
mod codes;
mod features;
mod histogram;
mod kernels;
mod layers;
mod likelihood;
mod measured;
mod members;
mod page;
mod pairs;
mod samples;
mod training;

pub(crate) use measured::{Subject, most_rows, thinned};
pub(crate) use page::page;
