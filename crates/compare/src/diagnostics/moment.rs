//! One snapshot of a training run.

use serde::{Deserialize, Serialize};

use super::weights::WeightFigures;

/// A training run at one step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    /// Training steps taken before this one.
    pub step: u64,
    /// Angle in degrees between the step taken (with optimizer and group) and the Euclidean
    /// gradient of its batch, over all parameters together. None if either is zero.
    pub step_angle: Option<f64>,
    /// The same angle for a plain step without an optimizer: the angle of the direction itself.
    pub direction_angle: Option<f64>,
    /// Figures of every matrix in a group.
    pub weights: Vec<WeightFigures>,
}
