//! The convolution with unconstrained kernels: the baseline.

mod build;
mod factors;
mod kernels;
mod layer;
mod options;

pub use kernels::FreeDirection;
pub use layer::FreeConv;
