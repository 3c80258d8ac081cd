//! Final runs.

use pdmap_train::Trained;
use serde::{Deserialize, Serialize};

use crate::diagnostics::Moment;

/// One final run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunResult {
    /// Name of the arm.
    pub arm: String,
    /// Seed.
    pub seed: u64,
    /// Learning rate.
    pub rate: f64,
    /// The training record.
    pub trained: Trained,
    /// Mean test log-likelihood in nats at the weights with the best validation; none if not
    /// finite.
    pub test: Option<f64>,
    /// Standard error over the test rows, nats.
    pub test_error: Option<f64>,
    /// Bits per dimension.
    pub bits_per_dim: Option<f64>,
    /// Largest `|f⁻¹(f(x)) − x|` over some test rows, relative to the largest `|x|`.
    pub round_trip: Option<f64>,
    /// Layers of the flow, including preprocessing.
    #[serde(default)]
    pub layers: usize,
    /// Number of parameters, including preprocessing.
    #[serde(default)]
    pub parameters: usize,
    /// Amari index of the Jacobian at the mean of the test rows times the true mixing matrix, in
    /// [0, 1], 0 being perfect. Present if the mixing matrix is known.
    #[serde(default)]
    pub amari: Option<f64>,
    /// Coding gain in dB of the flow's first orthonormal convolution. Present if the rows are cut
    /// from an AR(1) series.
    #[serde(default)]
    pub coding_gain: Option<f64>,
    /// Snapshots of the run.
    #[serde(default)]
    pub moments: Vec<Moment>,
}

impl RunResult {
    /// The largest condition number of any matrix at the last snapshot.
    pub fn worst_condition(&self) -> Option<f64> {
        let weights = &self.moments.last()?.weights;
        weights.iter().map(|weight| weight.condition).filter(|c| c.is_finite()).max_by(f64::total_cmp)
    }
}

/// A final run that failed. Its arm has one seed less and therefore no verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Name of the arm.
    pub arm: String,
    /// Seed; none if the arm's flow could not be built at all.
    pub seed: Option<u64>,
    /// The cause.
    pub reason: String,
}
