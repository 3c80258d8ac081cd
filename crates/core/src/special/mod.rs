//! Scalar functions: tails of the normal distribution, roots of increasing functions.

pub mod normal;
mod root;

pub use root::increasing_root;
