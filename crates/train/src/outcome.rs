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
    /// How often the run went back to its best weights and on from there at a lower rate.
    #[serde(default)]
    pub rollbacks: Vec<Rollback>,
    /// Where the time went, in this session.
    #[serde(default)]
    pub cost: Cost,
    /// Bytes of the process's largest resident set when the run ended, where the system says: rows, models, everything.
    #[serde(default)]
    pub peak_memory: Option<u64>,
}

impl Trained {
    /// Whether it ended because it diverged, for good.
    pub fn diverged(&self) -> bool {
        matches!(self.outcome, Outcome::Diverged { .. })
    }
}

/// A run that met a loss that is not finite, or exploded, went back to its best weights and on at a lower rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rollback {
    /// The step at which it was met.
    pub step: u64,
    /// What was met.
    pub reason: String,
    /// The step of the weights that it went back to.
    pub to: u64,
    /// What the learning rate is multiplied by from there on, all rollbacks together.
    pub factor: f64,
}

/// What the rate is multiplied by at each rollback.
const LOWERED: f64 = 0.3;

impl Rollback {
    /// The next one after `before`, from a run that `reason` stopped at `step`, to the weights of step `to`.
    pub(crate) fn after(before: &[Self], step: u64, reason: String, to: u64) -> Self {
        Self { step, reason, to, factor: factor(before) * LOWERED }
    }

    /// Whether a run can have left this.
    pub(crate) fn is_sound(&self) -> bool {
        self.factor > 0.0 && self.factor < 1.0 && self.to <= self.step
    }
}

/// What the rate is multiplied by after these rollbacks.
pub(crate) fn factor(rollbacks: &[Rollback]) -> f64 {
    rollbacks.last().map_or(1.0, |last| last.factor)
}

/// Wall-clock seconds of a run by what they were spent on.
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
    /// The validation rows were looked at; before the first step too.
    Validated(CurvePoint),
    /// The run goes on from a checkpoint.
    Resumed {
        /// Its step.
        step: u64,
        /// The version of the library that wrote it, where that is another one: bits may differ from here on.
        version: Option<String>,
    },
    /// The run went back to its best weights, and goes on from there at a lower rate.
    RolledBack(Rollback),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rollback_that_no_run_leaves_is_known() {
        let first = Rollback::after(&[], 20, "loss".into(), 10);
        let second = Rollback::after(std::slice::from_ref(&first), 20, "loss".into(), 20);
        assert!((first.factor - 0.3).abs() < 1e-12 && (second.factor - 0.09).abs() < 1e-12);
        assert!(
            (factor(&[]) - 1.0).abs() < 1e-12
                && (factor(&[first.clone(), second.clone()]) - 0.09).abs() < 1e-12
        );
        assert!(first.is_sound() && second.is_sound());
        for (factor, to) in [(0.0, 10), (-0.3, 10), (1.0, 10), (1.5, 10), (f64::NAN, 10), (0.3, 21)] {
            assert!(!Rollback { factor, to, ..first.clone() }.is_sound(), "{factor}, to {to}");
        }
    }
}
