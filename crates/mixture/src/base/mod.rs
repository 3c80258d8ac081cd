//! The mixture as the base density of a flow.

mod density;
mod factors;
mod fit;
mod options;
mod passes;
mod workspace;

pub use density::GaussianMixtureBase;
pub use factors::FactorKind;

use pdmap_core::{Real, Registry};

pub(crate) fn register<F: Real>(registry: &mut Registry<F>) {
    registry.insert_fitted_base(
        density::KIND,
        |spec, tensors, _| Ok(Box::new(GaussianMixtureBase::restore(spec, tensors)?)),
        |spec, context, _| Ok(Box::new(fit::build(spec, context)?)),
    );
}
