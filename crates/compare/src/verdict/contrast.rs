//! One arm compared with another.

use serde::{Deserialize, Serialize};

use super::finding::Finding;
use crate::readings::Reading;

/// One arm compared with another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contrast {
    /// The arm.
    pub arm: String,
    /// The arm that it is compared with.
    pub against: String,
    /// Mean difference in test log-likelihood over paired seeds, `arm − against`, nats.
    #[serde(with = "crate::nullable")]
    pub difference: f64,
    /// Half-width of the interval, nats.
    #[serde(with = "crate::nullable")]
    pub half_width: f64,
    /// Confidence level of the interval, corrected for the number of contrasts.
    pub confidence: f64,
    /// Degrees of freedom of the interval (Welch and Satterthwaite).
    #[serde(with = "crate::nullable")]
    pub freedom: f64,
    /// Number of paired seeds.
    pub pairs: usize,
    /// Smallest effect of interest, nats.
    #[serde(default)]
    pub smallest_effect: f64,
    /// Two-sided p-value of the sign-flip test over paired seeds, uncorrected.
    #[serde(with = "crate::nullable", default)]
    pub p_value: f64,
    /// The p-value corrected for the number of contrasts (Holm).
    #[serde(with = "crate::nullable", default)]
    pub p_adjusted: f64,
    /// Difference in the best validation at the largest number of steps that all runs of both arms
    /// reach.
    #[serde(default)]
    pub equal_steps: Option<Reading>,
    /// Difference in the best validation at the longest time that all runs of both arms reach.
    #[serde(default)]
    pub equal_time: Option<Reading>,
    /// Diverged runs of both arms. They count with their last good weights.
    pub diverged: usize,
    /// Interrupted runs of both arms. They count as they were.
    pub interrupted: usize,
    /// What the contrast shows.
    pub finding: Finding,
}
