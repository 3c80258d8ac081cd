//! What a run looked like from inside.

mod angles;
mod watcher;
mod weights;

use serde::{Deserialize, Serialize};

pub(crate) use watcher::{MOMENTS, Watcher};
pub use weights::WeightFigures;

/// A run at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    /// Steps taken before.
    pub step: u64,
    /// Angle between the step that was made, optimizer and group included, and the Euclidean gradient of its batch, over all trained numbers
    /// together, degrees; none where either is zero.
    pub step_angle: Option<f64>,
    /// The same for a plain step in the arm's direction, without an optimizer: what the direction itself is.
    pub direction_angle: Option<f64>,
    /// Every matrix in a group.
    pub weights: Vec<WeightFigures>,
}
