//! Multi-scale architectures: levels of increasingly coarse images or signals, part of which is
//! factored out at each level.

mod build;
mod squeeze;

pub use squeeze::Squeeze;

pub(crate) use build::build;
