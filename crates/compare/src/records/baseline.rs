//! Densities without training, and FastICA.

use serde::{Deserialize, Serialize};

/// A density fitted without training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BaselineResult {
    /// Name of the baseline.
    pub name: String,
    /// Mean test log-likelihood in nats; none if the fit failed.
    pub test: Option<f64>,
    /// Standard error over the test rows, nats.
    pub test_error: Option<f64>,
    /// Bits per dimension.
    pub bits_per_dim: Option<f64>,
    /// Number of parameters.
    pub parameters: usize,
    /// Seconds to fit and score.
    pub seconds: f64,
    /// A remark: the number of bins, or why the fit failed.
    pub note: String,
}

/// FastICA on the same rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FastIcaResult {
    /// Amari index, in [0, 1].
    #[serde(with = "crate::nullable")]
    pub amari: f64,
    /// Number of iterations.
    pub iterations: usize,
    /// Whether the iteration converged.
    pub converged: bool,
    /// Wall-clock seconds.
    pub seconds: f64,
}
