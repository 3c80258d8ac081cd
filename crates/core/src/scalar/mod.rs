//! The scalar field, and passes that are compiled once for each scalar.

mod elementary;
mod kernel;
mod real;

pub use real::{Kernel, Real};
