//! The summary of an arm over its seeds.

use serde::{Deserialize, Serialize};

use super::run::RunResult;
use crate::statistics::mean_and_error;

/// One arm over its seeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArmSummary {
    /// Name of the arm.
    pub arm: String,
    /// Learning rate.
    #[serde(with = "crate::nullable")]
    pub rate: f64,
    /// Number of parameters, including preprocessing.
    pub parameters: usize,
    /// Mean number of training steps.
    #[serde(with = "crate::nullable")]
    pub steps: f64,
    /// Mean training steps per second, validations included.
    #[serde(with = "crate::nullable")]
    pub steps_per_second: f64,
    /// Best validation log-likelihood in nats, averaged over seeds.
    #[serde(with = "crate::nullable")]
    pub validation: f64,
    /// Test log-likelihood in nats, averaged over seeds.
    #[serde(with = "crate::nullable")]
    pub test: f64,
    /// Standard error over seeds, nats; none for a single seed.
    pub seed_error: Option<f64>,
    /// Standard error over the test rows of the first seed, nats.
    #[serde(with = "crate::nullable")]
    pub test_error: f64,
    /// Bits per dimension.
    #[serde(with = "crate::nullable")]
    pub bits_per_dim: f64,
    /// Layers, including preprocessing.
    #[serde(default)]
    pub layers: usize,
    /// Halved steps over all seeds.
    pub halvings: u64,
    /// How often runs returned to their best weights and continued at a lower rate.
    #[serde(default)]
    pub rollbacks: usize,
    /// Runs that diverged.
    pub diverged: usize,
}

/// Summarizes the runs of `arm`.
pub(crate) fn summarize(arm: &str, runs: &[RunResult]) -> ArmSummary {
    let runs: Vec<_> = runs.iter().filter(|run| run.arm == arm).collect();
    let mean =
        |value: &dyn Fn(&RunResult) -> f64| mean_and_error(&runs.iter().map(|run| value(run)).collect::<Vec<_>>());
    let (test, seed_error) = mean(&|run| run.test.unwrap_or(f64::NAN));
    ArmSummary {
        arm: arm.to_owned(),
        rate: runs.first().map_or(f64::NAN, |run| run.rate),
        parameters: runs.first().map_or(0, |run| run.parameters),
        layers: runs.first().map_or(0, |run| run.layers),
        steps: mean(&|run| run.trained.steps as f64).0,
        steps_per_second: mean(&|run| run.trained.steps as f64 / run.trained.seconds).0,
        validation: mean(&|run| run.trained.best.validation).0,
        test,
        seed_error: seed_error.is_finite().then_some(seed_error),
        test_error: runs.first().and_then(|run| run.test_error).unwrap_or(f64::NAN),
        bits_per_dim: mean(&|run| run.bits_per_dim.unwrap_or(f64::NAN)).0,
        halvings: runs.iter().map(|run| run.trained.halvings).sum(),
        rollbacks: runs.iter().map(|run| run.trained.rollbacks.len()).sum(),
        diverged: runs.iter().filter(|run| run.trained.diverged()).count(),
    }
}
