//! Gradient sums over processes.

use crate::contract::Gradients;
use crate::{Real, Result};

/// Called between accumulation and direction: processes that each saw a part of the batch sum their
/// gradients here. Afterwards `rows` and every sum are those of the whole batch.
///
/// A sum of outer products may be exchanged as its factors (`N·D` numbers) or as a matrix (`D²`),
/// whichever is smaller; see [`OuterSum`](crate::OuterSum).
pub trait Reduce<F: Real> {
    /// Replaces the sums by those over all processes.
    ///
    /// # Errors
    /// Those of the exchange ([`LayerError::other`](crate::LayerError::other)).
    fn reduce(&mut self, grads: &mut Gradients<F>) -> Result<()>;
}

/// A single process, whose sums are already those of the whole batch.
#[derive(Debug, Clone, Copy, Default)]
pub struct Alone;

impl<F: Real> Reduce<F> for Alone {
    fn reduce(&mut self, _: &mut Gradients<F>) -> Result<()> {
        Ok(())
    }
}
