//! Several flows as one density.

mod density;
mod frozen;
mod options;
mod sampling;

pub use density::Ensemble;

use self::density::KIND;
use crate::contract::Registry;
use crate::{LayerError, Real};

/// Registers the ensemble, which can be restored but not described.
pub(crate) fn register<F: Real>(registry: &mut Registry<F>) {
    registry.insert_fitted_base(
        KIND,
        |spec, tensors, registry| Ok(Box::new(Ensemble::restore(spec, tensors, registry)?)),
        |_, _, _| Err(LayerError::NotBuildable { kind: KIND.to_owned(), reason: "it is made of trained flows" }),
    );
}
