//! A model from a file, and measurements and plots of it.

pub(crate) mod kernel_plots;
pub(crate) mod round_trip;
mod same;
