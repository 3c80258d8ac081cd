//! Training on all rows at once by quasi-Newton steps.

mod ascent;
mod options;
mod place;

pub use ascent::{Ascent, AscentEnd, AscentPoint, quasi_newton};
pub use options::QuasiNewtonConfig;
