//! What a run did, and its events.

use std::ops::Add;

use pdmap_core::LayerError;
use pdmap_spec::{TrainConfig, TrainingRecord};
use serde::{Deserialize, Serialize};

use crate::error::TrainError;

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

/// How a run ended. In every case the flow holds the weights of the best validation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Outcome {
    /// The budget was used.
    Finished,
    /// No new best for as many validations as `patience` allows.
    StoppedEarly,
    /// Overfitting: the run stopped early, and the validation rows have become less likely since the
    /// best validation, while the training rows have not.
    Overfitted {
        /// Steps taken.
        step: u64,
        /// Mean log-likelihood of training rows at this step, nats.
        training: f64,
        /// Mean log-likelihood of the validation rows at this step, nats.
        validation: f64,
    },
    /// The caller stopped the run before the budget was used; the checkpoint, if any, holds this
    /// step.
    Interrupted {
        /// Steps taken.
        step: u64,
    },
    /// The rows could no longer be read. The checkpoint, if any, holds the step before.
    Failed {
        /// Steps taken.
        step: u64,
        /// The cause.
        reason: String,
    },
    /// The log-likelihood of the training rows is not finite or has collapsed; the last good weights
    /// are kept.
    Diverged {
        /// The step at which it happened.
        step: u64,
        /// The cause.
        reason: String,
    },
}

impl Outcome {
    /// Values that are not finite and singular matrices end a run with its last good weights; other
    /// errors are the caller's.
    pub(crate) fn of_error(step: u64, error: LayerError) -> Result<Self, LayerError> {
        match error {
            LayerError::NonFinite { .. } | LayerError::Singular { .. } => {
                Ok(Self::Diverged { step, reason: error.to_string() })
            }
            error => Err(error),
        }
    }
}

/// What a run did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trained {
    /// How it ended.
    pub outcome: Outcome,
    /// Steps taken.
    pub steps: u64,
    /// Horizon of the learning-rate schedule. Under a time budget the schedule follows the time that
    /// is used, and this is the number of steps that were taken, or expected when the run stopped.
    pub horizon: u64,
    /// Wall-clock seconds, validations included.
    pub seconds: f64,
    /// The learning curve, from step 0.
    pub curve: Vec<CurvePoint>,
    /// The best point: the weights are from there.
    pub best: CurvePoint,
    /// The step of the last checkpoint written since the start or the last resumption, if any.
    #[serde(default)]
    pub checkpoint: Option<u64>,
    /// How often a step was halved to keep the sign of a determinant or of a scale.
    pub halvings: u64,
    /// Returns to the best weights, each at a lower rate.
    #[serde(default)]
    pub rollbacks: Vec<Rollback>,
    /// Where the time went, since the start or the last resumption.
    #[serde(default)]
    pub cost: Cost,
    /// Peak resident set of the process in bytes when the run ended, where the system reports it.
    #[serde(default)]
    pub peak_memory: Option<u64>,
}

impl Trained {
    /// What a model file records of the run. `data` names the data; the seed of the configuration
    /// is recorded as that of the weights.
    pub fn record(&self, data: impl Into<String>, config: TrainConfig) -> TrainingRecord {
        let curve: Vec<(u64, f64)> = self.curve.iter().map(|point| (point.step, point.validation)).collect();
        TrainingRecord {
            data: data.into(),
            seed: config.seed,
            config,
            steps: self.steps,
            horizon: self.horizon,
            best_step: self.best.step,
            best_validation: self.best.validation,
            curve: TrainingRecord::thinned(&curve),
            tried: vec![],
            columns: vec![],
            left_out: vec![],
            shape: vec![],
        }
    }

    /// Whether the run ended by diverging.
    pub fn diverged(&self) -> bool {
        matches!(self.outcome, Outcome::Diverged { .. })
    }
}

/// A return to the best weights, at a lower rate, after a loss that is not finite or exploded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rollback {
    /// The step at which it happened.
    pub step: u64,
    /// The cause.
    pub reason: String,
    /// The step of the weights returned to.
    pub to: u64,
    /// Factor of the learning rate from there on, all rollbacks together.
    pub factor: f64,
}

/// Factor of the rate at each rollback.
const LOWERED: f64 = 0.3;

impl Rollback {
    /// The rollback after `before`, of a run that `reason` stopped at `step`, to the weights of
    /// step `to`.
    pub(crate) fn after(before: &[Self], step: u64, reason: String, to: u64) -> Self {
        Self { step, reason, to, factor: factor(before) * LOWERED }
    }

    /// Whether a run can have left this.
    pub(crate) fn is_sound(&self) -> bool {
        self.factor > 0.0 && self.factor < 1.0 && self.to <= self.step
    }
}

/// Factor of the rate after these rollbacks.
pub(crate) fn factor(rollbacks: &[Rollback]) -> f64 {
    rollbacks.last().map_or(1.0, |last| last.factor)
}

/// Wall-clock seconds of a run, by use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// Drawing batches.
    pub batches: f64,
    /// Forward and backward passes.
    pub gradients: f64,
    /// Directions, optimizer, steps in the groups.
    pub updates: f64,
    /// Validations.
    pub validations: f64,
}

impl Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            batches: self.batches + other.batches,
            gradients: self.gradients + other.gradients,
            updates: self.updates + other.updates,
            validations: self.validations + other.validations,
        }
    }
}

/// The progress of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Steps taken.
    pub step: u64,
    /// Steps of the run: the budget, or the present estimate, if there is one.
    pub horizon: Option<u64>,
    /// Share of the budget that is used, from 0 to 1.
    pub share: f64,
    /// The latest validation, nats.
    pub validation: f64,
}

/// Events of a run.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// The training of a member of an ensemble begins; the events that follow are of its run.
    Member {
        /// The model.
        model: String,
        /// The part of the rows that is held out, counted from 0.
        fold: usize,
        /// Number of the member, counted from 0 with those that need no training.
        index: usize,
    },
    /// A step was taken.
    Progress(Progress),
    /// A validation was made, also before the first step.
    Validated(CurvePoint),
    /// A model that cannot be built for these rows is left out of the search.
    LeftOut {
        /// The model.
        model: String,
        /// The cause.
        reason: String,
    },
    /// The run resumed from a checkpoint.
    Resumed {
        /// Its step.
        step: u64,
        /// The version of the library that wrote it, if another one: bits may differ from here on.
        version: Option<String>,
    },
    /// The run returned to its best weights and continues at a lower rate.
    RolledBack(Rollback),
    /// Many steps were halved, so the rate is.
    Eased {
        /// Steps taken.
        step: u64,
        /// How often steps were halved since the start.
        halvings: u64,
        /// What the configured rate is multiplied by from here on.
        factor: f64,
    },
    /// The checkpoint was written.
    Saved {
        /// Its step.
        step: u64,
    },
    /// The checkpoint could not be written; unless it was the last, the run continues and tries
    /// again later.
    SaveFailed {
        /// Whether it was the last one of the run.
        last: bool,
        /// The step that is not saved.
        step: u64,
        /// The error.
        error: TrainError,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rollback_that_no_run_leaves_is_known() {
        let first = Rollback::after(&[], 20, "loss".into(), 10);
        let second = Rollback::after(std::slice::from_ref(&first), 20, "loss".into(), 20);
        assert!((first.factor - 0.3).abs() < 1e-12 && (second.factor - 0.09).abs() < 1e-12);
        assert!((factor(&[]) - 1.0).abs() < 1e-12 && (factor(&[first.clone(), second.clone()]) - 0.09).abs() < 1e-12);
        assert!(first.is_sound() && second.is_sound());
        for (factor, to) in [(0.0, 10), (-0.3, 10), (1.0, 10), (1.5, 10), (f64::NAN, 10), (0.3, 21)] {
            assert!(!Rollback { factor, to, ..first.clone() }.is_sound(), "{factor}, to {to}");
        }
    }
}
