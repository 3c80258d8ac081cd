//! What a run did, and what is told while it goes on.

use serde::{Deserialize, Serialize};

use crate::TrainError;

/// One point of a learning curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// Steps taken.
    pub step: u64,
    /// Seconds since the start, validations included.
    pub seconds: f64,
    /// Mean log-likelihood of the validation rows, nats.
    pub validation: f64,
}

/// How a run ended. Whatever it is, the flow holds the weights of the best validation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Outcome {
    /// The budget was used.
    Finished,
    /// No new best for as many validations as `patience` allows.
    StoppedEarly,
    /// The caller asked to stop before the budget was used; a checkpoint, where there are any, holds this very step.
    Interrupted {
        /// Steps taken.
        step: u64,
    },
    /// The rows could no longer be read. A checkpoint, where there are any, holds the step before.
    Failed {
        /// Steps taken.
        step: u64,
        /// What was met.
        reason: String,
    },
    /// A loss that is not finite; the last good weights were kept.
    Diverged {
        /// The step at which it was met.
        step: u64,
        /// What was met.
        reason: String,
    },
}

/// What a run did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trained {
    /// How it ended.
    pub outcome: Outcome,
    /// Steps taken.
    pub steps: u64,
    /// Steps that the learning-rate schedule was laid out for. With this many as step budget a time-budgeted run can be repeated, but for the
    /// first steps, which were taken before the speed was known.
    pub horizon: u64,
    /// Wall-clock seconds, validations included.
    pub seconds: f64,
    /// The learning curve, from step 0.
    pub curve: Vec<CurvePoint>,
    /// Its best point: where the weights are from.
    pub best: CurvePoint,
    /// The step of the last checkpoint that was written in this session, where there was one.
    #[serde(default)]
    pub checkpoint: Option<u64>,
    /// How often a step was halved to keep the sign of a determinant or of a scale.
    pub halvings: u64,
    /// Bytes of the process's largest resident set when the run ended, where the system says: rows, models, everything.
    #[serde(default)]
    pub peak_memory: Option<u64>,
}

/// What is told about a run while it goes on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Steps taken.
    pub step: u64,
    /// Steps of the run, where known already.
    pub horizon: Option<u64>,
    /// Share of the budget that is used, from 0 to 1.
    pub share: f64,
    /// The latest validation, nats.
    pub validation: f64,
}

/// What is told while a run goes on.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// A step was made.
    Progress(Progress),
    /// The run goes on from a checkpoint.
    Resumed {
        /// Its step.
        step: u64,
        /// The version of the library that wrote it, where that is another one: bits may differ from here on.
        version: Option<String>,
    },
    /// The checkpoint was written.
    Saved {
        /// Its step.
        step: u64,
    },
    /// The checkpoint could not be written; unless it was the last, the run goes on and tries again later.
    SaveFailed {
        /// Whether it was the last one of the session.
        last: bool,
        /// The step that is not saved.
        step: u64,
        /// Why not.
        error: TrainError,
    },
}
