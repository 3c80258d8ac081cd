//! Elementwise optimizers, learning-rate schedules and gradient clipping. Everything here
//! **ascends**.

mod clip;
mod optimizer;
mod schedule;

pub use clip::Clip;
pub use optimizer::{Optimizer, OptimizerSpec};
pub use schedule::{Schedule, Shape};
