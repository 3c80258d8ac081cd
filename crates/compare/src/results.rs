//! The results, as they are written to `results.json`.

use pdmap_data::DataFacts;
use pdmap_train::Trained;
use serde::{Deserialize, Serialize};

use crate::diagnostics::Moment;
use crate::readings::Target;
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
    /// FastICA on the same rows, where they are a mixture of known sources.
    #[serde(default)]
    pub ica: Option<FastIcaResult>,
    /// One entry an arm.
    pub arms: Vec<ArmSummary>,
    /// Every final run.
    pub runs: Vec<RunResult>,
    /// How long each arm takes to reach some levels of the validation likelihood.
    #[serde(default)]
    pub targets: Vec<Target>,
    /// Final runs that could not be made.
    #[serde(default)]
    pub failures: Vec<Failure>,
    /// Every rate that was tried, on each rung of the tuning.
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
    /// Layers of the flow, preprocessing included.
    #[serde(default)]
    pub layers: usize,
    /// Parameters, preprocessing included.
    #[serde(default)]
    pub parameters: usize,
    /// Amari index of the Jacobian at the mean of the test rows times the true mixing, in [0, 1], 0 the best; where the mixing is known.
    #[serde(default)]
    pub amari: Option<f64>,
    /// Coding gain of the flow's first orthonormal convolution for the series that the rows are cut from, dB; where that is an AR(1).
    #[serde(default)]
    pub coding_gain: Option<f64>,
    /// The run at a few moments.
    #[serde(default)]
    pub moments: Vec<Moment>,
}

impl RunResult {
    /// The largest condition number of any of its matrices at the last moment that was looked at.
    pub fn worst_condition(&self) -> Option<f64> {
        let weights = &self.moments.last()?.weights;
        weights.iter().map(|weight| weight.condition).filter(|c| c.is_finite()).max_by(f64::total_cmp)
    }
}

/// A final run that could not be made: its arm has one seed less, and no verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Which arm.
    pub arm: String,
    /// Which seed; none where its flow could not be made at all.
    pub seed: Option<u64>,
    /// Why.
    pub reason: String,
}

/// FastICA beside the arms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FastIcaResult {
    /// Amari index, in [0, 1].
    #[serde(with = "crate::nullable")]
    pub amari: f64,
    /// Iterations.
    pub iterations: usize,
    /// Whether it converged.
    pub converged: bool,
    /// Wall-clock seconds.
    pub seconds: f64,
}

/// A rate on a rung of the tuning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TuningResult {
    /// Which arm.
    pub arm: String,
    /// Learning rate.
    pub rate: f64,
    /// The rung, from 0.
    #[serde(default)]
    pub rung: usize,
    /// Share of a final run's budget.
    #[serde(default)]
    pub share: f64,
    /// Best mean log-likelihood of the validation rows, mean over the tuning seeds, nats; none where a run diverged.
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
    /// Layers, preprocessing included.
    #[serde(default)]
    pub layers: usize,
    /// Halved steps over all seeds.
    pub halvings: u64,
    /// How often its runs went back to their best weights and on at a lower rate.
    #[serde(default)]
    pub rollbacks: usize,
    /// Runs that diverged.
    pub diverged: usize,
}

/// Keys of `results.json` whose values are times, or depend on the moment of the run: all else is the same whenever a comparison under a step budget is
/// repeated on the same kind of machine, killed in between or not.
pub const TIMINGS: [&str; 7] =
    ["cost", "date", "equal_time", "machine", "peak_memory", "seconds", "steps_per_second"];

impl Results {
    /// The true density where it is known: its mean over the very test rows, or else what is expected of it; nats, and the name of the figure.
    pub fn truth(&self) -> Option<(&'static str, f64)> {
        let same = self.data.test_truth.map(|truth| ("True density, same test rows", truth));
        same.or(self.data.true_log_likelihood.map(|truth| ("True density, expected", truth)))
    }
}
