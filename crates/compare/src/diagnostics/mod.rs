//! Diagnostics recorded during training: angles, condition numbers, residuals.

mod angles;
mod moment;
mod watcher;
mod weights;

pub use moment::Moment;
pub(crate) use watcher::{MOMENTS, Watcher};
pub use weights::WeightFigures;
