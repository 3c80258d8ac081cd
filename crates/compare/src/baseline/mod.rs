//! Densities fitted without training, which any flow should beat.

mod fit_all;
mod gaussian;
mod histograms;

pub(crate) use fit_all::baselines;
pub use gaussian::Gaussian;
pub use histograms::Marginals;
