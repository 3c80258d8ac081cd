//! Several flows as one density.

mod density;
mod frozen;
mod options;
mod sampling;

pub use density::Ensemble;

use crate::contract::Registry;
use crate::{LayerError, Real};

/// Registers the ensemble, which can be restored but not described.
pub fn register<F: Real>(registry: &mut Registry<F>) {
    let kind = Ensemble::<F>::KIND;
    registry.insert_fitted_base(
        kind,
        |spec, tensors, registry| Ok(Box::new(Ensemble::restore(spec, tensors, registry)?)),
        move |_, _, _| Err(LayerError::NotBuildable { kind: kind.to_owned(), reason: "it is made of trained flows" }),
    );
}
