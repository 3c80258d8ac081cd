//! Sums over processes.

use crate::contract::Gradients;
use crate::{Real, Result};

/// Called between accumulated sums and directions: several processes that each saw a part of the batch
/// add up their sums here. `rows` and every sum become those of the whole batch.
///
/// A sum of outer products may be exchanged as its factors (`N·D` numbers) or as a matrix (`D²`),
/// whichever is smaller: see [`OuterSum`](crate::OuterSum).
pub trait Reduce<F: Real> {
    /// Adds the sums of all processes.
    ///
    /// # Errors
    /// Those of the exchange ([`LayerError::other`](crate::LayerError::other)).
    fn reduce(&mut self, grads: &mut Gradients<F>) -> Result<()>;
}

/// A single process: its sums are those of the whole batch.
#[derive(Debug, Clone, Copy, Default)]
pub struct Alone;

impl<F: Real> Reduce<F> for Alone {
    fn reduce(&mut self, _: &mut Gradients<F>) -> Result<()> {
        Ok(())
    }
}
