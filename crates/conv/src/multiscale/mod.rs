//! Multi-scale architectures: levels of ever coarser images or signals, of which a part leaves at each.

mod build;
mod squeeze;

pub use squeeze::Squeeze;

pub(crate) use build::build;
