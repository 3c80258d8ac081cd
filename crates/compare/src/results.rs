//! The results, as they are written to `results.json`.

use pdmap_data::DataFacts;
use pdmap_train::Trained;
use serde::{Deserialize, Serialize};

use crate::verdict::Contrast;
use crate::{Machine, Plan};

/// Everything about a comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// Version of this schema.
    pub format: u32,
    /// When the comparison ended, RFC 3339, UTC.
    pub date: String,
    /// Where.
    pub machine: Machine,
    /// The data.
    pub data: DataFacts,
    /// Rows for training, validation and test.
    pub rows: [usize; 3],
    /// Images that the test rows were cut from; none where each row stands for itself.
    #[serde(default)]
    pub test_images: Option<usize>,
    /// The plan.
    pub plan: Plan,
    /// The sentences that the figures support, first the founding question.
    pub verdict: Vec<String>,
    /// What they rest on.
    pub contrasts: Vec<Contrast>,
    /// Densities without training.
    pub baselines: Vec<BaselineResult>,
    /// One entry an arm.
    pub arms: Vec<ArmSummary>,
    /// Every final run.
    pub runs: Vec<RunResult>,
    /// Every tuning run.
    pub tuning: Vec<TuningResult>,
    /// Bytes of the process's largest resident set when the comparison ended, where the system says.
    #[serde(default)]
    pub peak_memory: Option<u64>,
}

/// A density without training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BaselineResult {
    /// What it is.
    pub name: String,
    /// Mean test log-likelihood, nats; none where it could not be fitted.
    pub test: Option<f64>,
    /// Standard error over the test rows, nats.
    pub test_error: Option<f64>,
    /// Bits for each dimension.
    pub bits_per_dim: Option<f64>,
    /// Parameters.
    pub parameters: usize,
    /// Seconds to fit and score.
    pub seconds: f64,
    /// A remark: the number of bins, or why it could not be fitted.
    pub note: String,
}

/// One final run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunResult {
    /// Which arm.
    pub arm: String,
    /// Which seed.
    pub seed: u64,
    /// Learning rate.
    pub rate: f64,
    /// What training did.
    pub trained: Trained,
    /// Mean test log-likelihood at the weights of the best validation, nats; none where it is not finite.
    pub test: Option<f64>,
    /// Standard error over the test rows, nats.
    pub test_error: Option<f64>,
    /// Bits for each dimension.
    pub bits_per_dim: Option<f64>,
    /// Largest `|f⁻¹(f(x)) − x|` over some test rows, relative to the largest `|x|`.
    pub round_trip: Option<f64>,
}

/// One tuning run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TuningResult {
    /// Which arm.
    pub arm: String,
    /// Learning rate.
    pub rate: f64,
    /// Best mean log-likelihood of the validation rows, nats; none where the run diverged.
    pub validation: Option<f64>,
}

/// One arm over its seeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArmSummary {
    /// Which arm.
    pub arm: String,
    /// Learning rate.
    #[serde(with = "crate::nullable")]
    pub rate: f64,
    /// Parameters, preprocessing included.
    pub parameters: usize,
    /// Mean number of steps.
    #[serde(with = "crate::nullable")]
    pub steps: f64,
    /// Mean steps a second, validations included.
    #[serde(with = "crate::nullable")]
    pub steps_per_second: f64,
    /// Mean over seeds of the best validation, nats.
    #[serde(with = "crate::nullable")]
    pub validation: f64,
    /// Mean over seeds of the test log-likelihood, nats.
    #[serde(with = "crate::nullable")]
    pub test: f64,
    /// Its standard error over seeds, nats; none for one seed.
    pub seed_error: Option<f64>,
    /// Standard error over test rows of the first seed, nats.
    #[serde(with = "crate::nullable")]
    pub test_error: f64,
    /// Bits for each dimension.
    #[serde(with = "crate::nullable")]
    pub bits_per_dim: f64,
    /// Halved steps over all seeds.
    pub halvings: u64,
    /// Runs that diverged.
    pub diverged: usize,
}

impl Results {
    /// The true density where it is known: its mean over the very test rows, or else what is expected of it; nats, and the name of the figure.
    pub fn truth(&self) -> Option<(&'static str, f64)> {
        let same = self.data.test_truth.map(|truth| ("True density, same test rows", truth));
        same.or(self.data.true_log_likelihood.map(|truth| ("True density, expected", truth)))
    }
}
