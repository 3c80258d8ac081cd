//! Invertible preprocessing: fixed layers in front of a flow, part of the model and of its log-determinant, so that a saved model
//! scores data in the space that it states.

mod logit;
mod standardize;
mod whitening;

pub use logit::Logit;
pub use standardize::Standardize;
pub use whitening::Whitening;

use pdmap_core::{Real, Registry};

/// Adds the kinds of this crate to a registry, so that saved models find them.
pub fn register<F: Real>(registry: &mut Registry<F>) {
    registry.insert(Logit::KIND, Logit::restore);
    registry.insert(Standardize::<F>::KIND, Standardize::restore);
    registry.insert(Whitening::<F>::KIND, Whitening::restore);
}
