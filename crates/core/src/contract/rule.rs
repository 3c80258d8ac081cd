//! What an optimizer does to parameters.

use super::{ElementwiseStep, Memory};
use crate::{Real, Result, parallel};

/// What an update did beside its step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct StepReport {
    /// How often a step was halved because a determinant would have changed its sign, a scale would
    /// have passed 0, or a rotation was too long to be rounded well.
    pub halvings: u64,
}

impl StepReport {
    /// The share of a step that is left after its halvings.
    pub fn share(self) -> f64 {
        0.5_f64.powi(i32::try_from(self.halvings).unwrap_or(i32::MAX))
    }
}

impl std::ops::AddAssign for StepReport {
    fn add_assign(&mut self, other: Self) {
        self.halvings += other.halvings;
    }
}

/// What a rule reads of the directions it is given. A direction whose entries nobody reads may stay
/// in factors: see [`ParamGrad::factored`](crate::ParamGrad::factored).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reads {
    /// All entries.
    #[default]
    Entries,
    /// Each entry by itself and not before the step: [`elementwise`](Rule::elementwise) says what
    /// happens to each.
    Pieces,
    /// No entry: `step = rate·direction`. The rate may depend on the joint norm.
    Nothing,
}

/// Turns ascent directions into steps: `step = η · opt(direction)`, element by element.
pub trait Rule<F: Real>: Send {
    /// What this rule reads of directions; asked before they are computed. [`Reads::Nothing`] is the
    /// promise of a *plain* rule: every step is [`plain_rate`](Self::plain_rate)` · direction`, and
    /// for a matrix the rule may be asked for that rate alone, without a call of [`step`](Self::step)
    /// or [`ascend`](Self::ascend).
    fn reads(&self) -> Reads {
        Reads::Entries
    }

    /// `η` of the present step where `step = η·direction` exactly, clipping by norm included; asked
    /// after [`begin`](Self::begin).
    fn plain_rate(&self) -> Option<f64> {
        None
    }

    /// The step that this rule would now make on a parameter that has made `steps` before, number by
    /// number; nothing where it looks at more than one number at a time. Asked after
    /// [`begin`](Self::begin). A matrix is then moved panel by panel, without a call of
    /// [`step`](Self::step) or [`ascend`](Self::ascend).
    fn elementwise(&self, steps: u64) -> Option<ElementwiseStep<'_, F>> {
        let _ = steps;
        None
    }

    /// Called once before the parameters of a step; `norm` gives the joint norm of all directions,
    /// and costs nothing where it is not called.
    ///
    /// # Errors
    /// Those of `norm`.
    fn begin(&mut self, norm: &mut dyn FnMut() -> Result<f64>) -> Result<()>;

    /// Replaces `direction` by the step; `memory` belongs to this parameter.
    ///
    /// # Errors
    /// [`crate::LayerError::Memory`] where the memory is that of another parameter.
    fn step(&mut self, memory: &mut Memory<F>, direction: &mut [F]) -> Result<()>;

    /// `parameter ← parameter + step`, and leaves the step in `direction`: one pass where the rule
    /// can do that.
    ///
    /// # Errors
    /// As [`step`](Self::step).
    fn ascend(&mut self, memory: &mut Memory<F>, parameter: &mut [F], direction: &mut [F]) -> Result<()> {
        self.step(memory, direction)?;
        parallel::add(parameter, direction);
        Ok(())
    }
}
