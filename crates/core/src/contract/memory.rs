//! Optimizer state of one parameter.

use ndarray::Array1;

use super::{ElementwiseStep, MOST_SLOTS, State};
use crate::{LayerError, Real, Result};

/// Optimizer state of one parameter tensor: step count and moments. Empty until the first step.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Memory<F> {
    /// Steps taken.
    pub steps: u64,
    /// Slots of the optimizer, each as long as the parameter's direction.
    pub slots: Vec<Vec<F>>,
}

impl<F: Real> Memory<F> {
    /// Each slot as a slice, and nothing for those that a rule does not have.
    pub(crate) fn slices(&mut self) -> [&mut [F]; MOST_SLOTS] {
        let mut slots = self.slots.iter_mut();
        std::array::from_fn(|_| slots.next().map_or(&mut [][..], |slot| &mut slot[..]))
    }

    /// Writes steps and slots under `path`.
    pub fn save(&self, path: &str, state: &mut State<F>) {
        state.put_number(&format!("{path}.steps"), self.steps);
        state.put_number(&format!("{path}.slots"), self.slots.len() as u64);
        for (index, slot) in self.slots.iter().enumerate() {
            state.put_array(&format!("{path}.{index}"), Array1::from(slot.clone()).into_dyn());
        }
    }

    /// Restores what [`save`](Self::save) wrote. The length of the slots is checked at the next
    /// step.
    ///
    /// # Errors
    /// [`LayerError::MissingTensor`].
    pub fn load(&mut self, path: &str, state: &mut State<F>) -> Result<()> {
        self.steps = state.take_number(&format!("{path}.steps"))?;
        let count = state.take_number(&format!("{path}.slots"))?;
        self.slots = (0..count)
            .map(|index| Ok(state.take_array(&format!("{path}.{index}"))?.into_iter().collect()))
            .collect::<Result<_>>()?;
        Ok(())
    }

    /// Creates the slots that a step needs, of `size` numbers each, unless they exist.
    ///
    /// # Errors
    /// [`LayerError::Memory`] for existing slots of another size or number.
    pub fn prepare(&mut self, step: &ElementwiseStep<'_, F>, size: usize) -> Result<()> {
        let start = step.start();
        if start.is_empty() {
            return Ok(());
        }
        if self.slots.is_empty() {
            self.slots = start.iter().map(|&value| vec![F::of(value); size]).collect();
        }
        let wrong = self.slots.iter().map(Vec::len).find(|&len| len != size);
        match wrong {
            Some(actual) => Err(LayerError::Memory { expected: size, actual }),
            None if self.slots.len() != start.len() => {
                Err(LayerError::Memory { expected: start.len(), actual: self.slots.len() })
            }
            None => Ok(()),
        }
    }
}
