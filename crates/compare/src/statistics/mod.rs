//! Means, standard errors, confidence intervals and the sign-flip test.

mod interval;
mod sign_flip;

pub use interval::{Uncertainty, grouped_mean, mean_and_error, t_interval, t_quantile, weighted_error};
pub use sign_flip::{holm, sign_flip};
