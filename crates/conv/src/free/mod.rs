//! The convolution with kernels that nothing constrains: the baseline.

mod build;
mod factors;
mod layer;

pub use layer::{FreeConv, FreeDirection};
