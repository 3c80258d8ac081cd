//! Densities that need no training: what any flow has to beat.

mod gaussian;
mod histograms;

pub use gaussian::gaussian;
pub use histograms::Marginals;
