//! Scalar functions: tails of the normal distribution, roots of increasing functions, sums by
//! logarithms.

mod log_sum;
pub mod normal;
mod root;

pub use log_sum::log_sum_exp;
pub use root::increasing_root;
