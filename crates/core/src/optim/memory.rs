//! What an optimizer remembers about one parameter.

use ndarray::Array1;

use crate::{LayerError, Real, Result, State};

/// Moments of one parameter tensor, and how many steps made them. Empty until the first step.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Memory<F> {
    /// Steps taken.
    pub steps: u64,
    /// Slots of the optimizer, each as long as the parameter's direction.
    pub slots: Vec<Vec<F>>,
}

impl<F: Real> Memory<F> {
    /// Writes steps and slots under `path`.
    pub(crate) fn save(&self, path: &str, state: &mut State<F>) {
        state.put_number(&format!("{path}.steps"), self.steps);
        state.put_number(&format!("{path}.slots"), self.slots.len() as u64);
        for (index, slot) in self.slots.iter().enumerate() {
            state.put_array(&format!("{path}.{index}"), Array1::from(slot.clone()).into_dyn());
        }
    }

    /// Takes back what [`save`](Self::save) wrote. Whether the slots are as long as the parameter is checked at the next step.
    ///
    /// # Errors
    /// [`LayerError::MissingTensor`].
    pub(crate) fn load(&mut self, path: &str, state: &mut State<F>) -> Result<()> {
        self.steps = state.take_number(&format!("{path}.steps"))?;
        let count = state.take_number(&format!("{path}.slots"))?;
        self.slots = (0..count)
            .map(|index| Ok(state.take_array(&format!("{path}.{index}"))?.into_iter().collect()))
            .collect::<Result<_>>()?;
        Ok(())
    }

    /// Exactly `N` slots of `size` numbers, filled with `start` when they are new.
    ///
    /// # Errors
    /// [`LayerError::Memory`] where slots of another size are there.
    pub fn slots<const N: usize>(&mut self, size: usize, start: [F; N]) -> Result<&mut [Vec<F>; N]> {
        if self.slots.is_empty() {
            self.slots = start.iter().map(|&value| vec![value; size]).collect();
        }
        let actual = self.slots.iter().map(Vec::len).find(|&len| len != size);
        let error = LayerError::Memory { expected: size, actual: actual.unwrap_or(0) };
        match actual {
            Some(_) => Err(error),
            None => self.slots.as_mut_slice().try_into().map_err(|_| error),
        }
    }
}
