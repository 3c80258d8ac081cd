//! What several tests need.

use pdmap_core::contract::ModuleParameters;
use pdmap_core::{Real, Registry, Result};
use pdmap_layers::coupling::{Coupling, CouplingOptions};
use rand::Rng;

/// The kinds of the core and of this crate.
pub(crate) fn registry<F: Real>() -> Registry<F> {
    let mut registry = pdmap_core::registry();
    pdmap_layers::register(&mut registry);
    registry
}

/// A new coupling.
pub(crate) fn coupling(
    features: usize,
    conditions: usize,
    options: CouplingOptions,
    rng: &mut dyn Rng,
) -> Result<Coupling<f64>> {
    Coupling::new(features, conditions, options, ModuleParameters::New(rng), &registry())
}
