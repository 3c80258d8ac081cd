//! Elementwise optimizers, learning-rate schedules and gradient clipping. Everything here **ascends**.

mod clip;
mod memory;
mod optimizer;
mod rules;
mod schedule;
mod step;

pub use clip::Clip;
pub use memory::Memory;
pub use optimizer::{Optimizer, OptimizerSpec};
pub use schedule::{Schedule, Shape};
pub use step::ElementwiseStep;
pub(crate) use step::{Piece, cut, slices};

use crate::{Real, Result};

/// What an update did beside its step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct StepReport {
    /// How often a step was halved because a determinant would have changed its sign, a scale would have passed 0, or a rotation was too
    /// long to be rounded well.
    pub halvings: u64,
}

impl StepReport {
    /// What is left of a step after its halvings.
    pub fn share(self) -> f64 {
        0.5_f64.powi(i32::try_from(self.halvings).unwrap_or(i32::MAX))
    }
}

impl std::ops::AddAssign for StepReport {
    fn add_assign(&mut self, other: Self) {
        self.halvings += other.halvings;
    }
}

/// What a rule reads of the directions that it is given. A direction of which no entry is read may stay in factors: see
/// [`ParamGrad::factored`](crate::ParamGrad::factored).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reads {
    /// Their entries.
    #[default]
    Entries,
    /// Their entries, each by itself and not before the step: [`elementwise`](UpdateRule::elementwise) says what happens to each.
    Pieces,
    /// Their joint norm: `step = rate·direction`, where the rate depends on the norm.
    Norm,
    /// Nothing: `step = rate·direction`.
    Nothing,
}

/// Turns ascent directions into steps: `step = η · opt(direction)`, element by element.
pub trait UpdateRule<F: Real>: Send {
    /// What this rule reads of directions; asked before they are made. [`Reads::Norm`] and [`Reads::Nothing`] are the promise of a *plain* rule: every
    /// step is [`plain_rate`](Self::plain_rate)` · direction`, and for a matrix the rule may be asked for that rate alone, without a call of
    /// [`step`](Self::step) or [`ascend`](Self::ascend).
    fn reads(&self) -> Reads {
        Reads::Entries
    }

    /// `η` of the present step where `step = η·direction` exactly, clipping by norm included; asked after [`begin`](Self::begin).
    fn plain_rate(&self) -> Option<f64> {
        None
    }

    /// The step that this rule would make now on a parameter that has made `steps` before, number by number; nothing where it looks at more than one
    /// number at a time. Asked after [`begin`](Self::begin). A matrix is then moved panel by panel, without [`step`](Self::step) or [`ascend`](Self::ascend).
    fn elementwise(&self, steps: u64) -> Option<ElementwiseStep<F>> {
        let _ = steps;
        None
    }

    /// Called once before the parameters of a step; `norm` gives `‖directions‖` over all of them, where it is needed.
    ///
    /// # Errors
    /// Whatever `norm` meets.
    fn begin(&mut self, norm: &mut dyn FnMut() -> f64) -> Result<()>;

    /// Replaces `direction` by the step; `memory` belongs to this parameter.
    ///
    /// # Errors
    /// [`crate::LayerError::Memory`] where the memory is that of another parameter.
    fn step(&mut self, memory: &mut Memory<F>, direction: &mut [F]) -> Result<()>;

    /// `parameter ← parameter + step`, with `direction` left as the step: one pass where the rule can do it.
    ///
    /// # Errors
    /// As [`step`](Self::step).
    fn ascend(&mut self, memory: &mut Memory<F>, parameter: &mut [F], direction: &mut [F]) -> Result<()> {
        self.step(memory, direction)?;
        crate::parallel::add(parameter, direction);
        Ok(())
    }
}
