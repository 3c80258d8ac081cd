//! Invertible preprocessing: fixed layers in front of a flow, part of the model and of its log-determinant, so that a saved model
//! scores data in the space that it states.

mod histogram;
mod histogram_fit;
mod logit;
mod passes;
mod sigmoid;
mod standardize;
mod whitening;

pub use histogram::Histogram;
pub use histogram_fit::{Bins, PRIOR};
pub use logit::Logit;
pub use passes::{Passes, Visit};
pub use sigmoid::Sigmoid;
pub use standardize::Standardize;
pub use whitening::Whitening;

use pdmap_core::{Layer, LayerError, LayerSpec, Real, Registry, Result};

/// What is fitted to all training rows is no layer among those that are trained.
fn fitted<F: Real>(spec: &LayerSpec) -> Result<Box<dyn Layer<F>>> {
    let reason = "it is fitted to the training rows: name it under `preprocess`";
    Err(LayerError::NotBuildable { kind: spec.kind.clone(), reason })
}

/// Adds the kinds of this crate to a registry, so that saved models find them.
pub fn register<F: Real>(registry: &mut Registry<F>) {
    registry.insert(Logit::KIND, Logit::restore);
    registry.insert(Sigmoid::KIND, Sigmoid::restore);
    registry.insert_built(Histogram::<F>::KIND, Histogram::restore, |spec, _, _| fitted(spec));
    registry.insert_built(Standardize::<F>::KIND, Standardize::restore, |spec, _, _| fitted(spec));
    registry.insert_built(Whitening::<F>::KIND, Whitening::restore, |spec, _, _| fitted(spec));
}
