//! The results of a comparison, as written to `results.json`.

use pdmap_data::DataFacts;
use serde::{Deserialize, Serialize};

use crate::machine::Machine;
use crate::plan::Plan;
use crate::readings::Target;
use crate::records::{ArmSummary, BaselineResult, Failure, FastIcaResult, RunResult, TuningResult};
use crate::verdict::Contrast;

/// Everything about a comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// Version of this schema.
    pub format: u32,
    /// When the comparison ended: RFC 3339, UTC.
    pub date: String,
    /// The machine.
    pub machine: Machine,
    /// The data.
    pub data: DataFacts,
    /// Numbers of training, validation and test rows.
    pub rows: [usize; 3],
    /// Number of images that the test rows were cut from; none if rows are independent.
    #[serde(default)]
    pub test_images: Option<usize>,
    /// The plan.
    pub plan: Plan,
    /// The conclusions in sentences, starting with the founding question.
    pub verdict: Vec<String>,
    /// The contrasts behind the verdict.
    pub contrasts: Vec<Contrast>,
    /// The arm with the highest mean test log-likelihood, followed by the arms that are
    /// statistically alike. Empty if nothing can be concluded.
    #[serde(default)]
    pub best: Vec<String>,
    /// Densities fitted without training.
    pub baselines: Vec<BaselineResult>,
    /// FastICA on the same rows, if they are a mixture of known sources.
    #[serde(default)]
    pub ica: Option<FastIcaResult>,
    /// One entry per arm.
    pub arms: Vec<ArmSummary>,
    /// All final runs.
    pub runs: Vec<RunResult>,
    /// How long each arm takes to reach given levels of the validation log-likelihood.
    #[serde(default)]
    pub targets: Vec<Target>,
    /// Final runs that failed.
    #[serde(default)]
    pub failures: Vec<Failure>,
    /// All tuning runs: every learning rate on every rung.
    pub tuning: Vec<TuningResult>,
    /// Peak resident set size of the process in bytes, if the system reports it.
    #[serde(default)]
    pub peak_memory: Option<u64>,
}

/// Keys of `results.json` that hold times or depend on when a run was made. All other values are
/// reproducible under a step budget on the same kind of machine, interrupted or not.
pub const TIMINGS: [&str; 7] = ["cost", "date", "equal_time", "machine", "peak_memory", "seconds", "steps_per_second"];

impl Results {
    /// The log-likelihood of the true density in nats, if known, with its name. Its mean over the
    /// test rows is preferred to its expectation.
    pub fn truth(&self) -> Option<(&'static str, f64)> {
        let same = self.data.test_truth.map(|truth| ("True density, same test rows", truth));
        same.or(self.data.true_log_likelihood.map(|truth| ("True density, expected", truth)))
    }
}
