//! Steps that are given in advance.

use crate::contract::{Memory, Rule};
use crate::{LayerError, Real, Result};

/// A rule that takes given steps, one number after the other in the order of the parameters, whatever
/// the directions are.
#[derive(Debug, Clone)]
pub struct Follow<'s> {
    steps: &'s [f64],
    taken: usize,
}

impl<'s> Follow<'s> {
    /// Takes these steps.
    pub fn new(steps: &'s [f64]) -> Self {
        Self { steps, taken: 0 }
    }
}

impl<F: Real> Rule<F> for Follow<'_> {
    fn begin(&mut self, _: &mut dyn FnMut() -> Result<f64>) -> Result<()> {
        self.taken = 0;
        Ok(())
    }

    fn step(&mut self, _: &mut Memory<F>, direction: &mut [F]) -> Result<()> {
        let (expected, actual) = (self.taken + direction.len(), self.steps.len());
        let own = self.steps.get(self.taken..expected).ok_or(LayerError::Memory { expected, actual })?;
        direction.iter_mut().zip(own).for_each(|(direction, &step)| *direction = F::of(step));
        self.taken = expected;
        Ok(())
    }
}
