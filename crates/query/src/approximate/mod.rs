//! Marginals and conditionals of any flow, by importance sampling.

mod pareto;
mod proposal;
mod sampling;
mod smoothed;

pub use sampling::{Approximate, ApproximateOptions, Estimate};
pub use smoothed::RELIABLE;
