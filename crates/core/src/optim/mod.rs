//! Elementwise optimizers, learning-rate schedules and gradient clipping, all of which **ascend**, and
//! limited-memory BFGS, which descends as in its literature.

mod clip;
mod follow;
mod lbfgs;
mod optimizer;
mod schedule;

pub use clip::Clip;
pub use follow::Follow;
pub use lbfgs::{Lbfgs, product};
pub use optimizer::{Optimizer, OptimizerSpec};
pub use schedule::{Schedule, Shape};
