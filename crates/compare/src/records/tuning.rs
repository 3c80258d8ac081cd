//! Tuning runs.

use serde::{Deserialize, Serialize};

/// One learning rate on one rung of the tuning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TuningResult {
    /// Name of the arm.
    pub arm: String,
    /// Learning rate.
    pub rate: f64,
    /// Rung, counted from 0.
    #[serde(default)]
    pub rung: usize,
    /// Fraction of a final run's budget.
    #[serde(default)]
    pub share: f64,
    /// Best mean validation log-likelihood in nats, averaged over the tuning seeds; none if a run
    /// diverged.
    pub validation: Option<f64>,
}
