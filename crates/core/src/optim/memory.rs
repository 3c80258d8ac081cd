//! What an optimizer remembers about one parameter.

use crate::{LayerError, Real, Result};

/// Moments of one parameter tensor, and how many steps made them. Empty until the first step.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Memory<F> {
    /// Steps taken.
    pub steps: u64,
    /// Slots of the optimizer, each as long as the parameter's direction.
    pub slots: Vec<Vec<F>>,
}

impl<F: Real> Memory<F> {
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
