//! Densities that need no training: what any flow has to beat.

mod gaussian;
mod histograms;
mod results;

pub use gaussian::gaussian;
pub use histograms::Marginals;
pub(crate) use results::baselines;
