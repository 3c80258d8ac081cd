//! The contract of optimizers.

use super::{ElementwiseStep, Memory};
use crate::{Real, Result, parallel};

/// What an update reports besides its step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct StepReport {
    /// How often a step was halved because a determinant would have changed its sign, a scale would
    /// have reached 0, or a rotation was too long for accurate rounding.
    pub halvings: u64,
}

impl StepReport {
    /// The fraction of the step that remains after the halvings.
    pub fn share(self) -> f64 {
        0.5_f64.powi(i32::try_from(self.halvings).unwrap_or(i32::MAX))
    }
}

impl std::ops::AddAssign for StepReport {
    fn add_assign(&mut self, other: Self) {
        self.halvings += other.halvings;
    }
}

/// What a rule reads of its directions. A direction whose entries are not read may stay in factors;
/// see [`ParamGrad::factored`](crate::ParamGrad::factored).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reads {
    /// All entries.
    #[default]
    Entries,
    /// Each entry by itself, at the time of the step, as given by
    /// [`elementwise`](Rule::elementwise).
    Pieces,
    /// No entries but the joint norm: `step = rate·direction`, where the rate depends on the norm.
    Norm,
    /// Nothing: `step = rate·direction`.
    Nothing,
}

/// Turns ascent directions into steps: `step = η · opt(direction)`, elementwise.
pub trait Rule<F: Real>: Send {
    /// What this rule reads of directions; called before they are computed. [`Reads::Nothing`] and
    /// [`Reads::Norm`] declare a *plain* rule: every step is
    /// [`plain_rate`](Self::plain_rate)` · direction`, and a matrix may ask for that rate alone,
    /// without calling [`step`](Self::step) or [`ascend`](Self::ascend).
    fn reads(&self) -> Reads {
        Reads::Entries
    }

    /// `η` of the present step if `step = η·direction` exactly, with clipping by norm included;
    /// called after [`begin`](Self::begin).
    fn plain_rate(&self) -> Option<f64> {
        None
    }

    /// The elementwise step for a parameter that has taken `steps` steps so far; `None` for a rule
    /// that looks at several numbers at a time. Called after [`begin`](Self::begin). A matrix is
    /// then moved panel by panel, without calling [`step`](Self::step) or [`ascend`](Self::ascend).
    fn elementwise(&self, steps: u64) -> Option<ElementwiseStep<'_, F>> {
        let _ = steps;
        None
    }

    /// `ηλ` of decoupled weight decay in the present step: parameters that
    /// [decay](crate::group::Free::decaying) are multiplied by `1 − ηλ` before the step is added
    /// (Loshchilov & Hutter 2019, "Decoupled weight decay regularization", algorithm 2).
    fn decay(&self) -> f64 {
        0.0
    }

    /// Called once per step, before the parameters move; `norm` computes the joint norm of all
    /// directions on request.
    ///
    /// # Errors
    /// Those of `norm`.
    fn begin(&mut self, norm: &mut dyn FnMut() -> Result<f64>) -> Result<()>;

    /// Replaces `direction` by the step; `memory` is the optimizer state of this parameter.
    ///
    /// # Errors
    /// [`crate::LayerError::Memory`] for the memory of another parameter.
    fn step(&mut self, memory: &mut Memory<F>, direction: &mut [F]) -> Result<()>;

    /// `parameter ← parameter + step`, and leaves the step in `direction`; in one pass if the rule
    /// supports it.
    ///
    /// # Errors
    /// As [`step`](Self::step).
    fn ascend(&mut self, memory: &mut Memory<F>, parameter: &mut [F], direction: &mut [F]) -> Result<()> {
        self.step(memory, direction)?;
        parallel::add(parameter, direction);
        Ok(())
    }
}
