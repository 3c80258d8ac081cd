//! The scalar types `f32` and `f64`, and passes that are compiled once per scalar.

mod elementary;
mod kernel;
mod real;

pub use real::{Kernel, Real};
