#![doc = include_str!("../README.md")]

pub mod coupling;
pub mod diagonal;
pub mod elementwise;
pub mod mixture;
pub mod nn;
pub mod preprocess;
pub mod radial;
pub mod spline;

use pdmap_core::{Real, Registry};

/// Registers the kinds of this crate.
pub fn register<F: Real>(registry: &mut Registry<F>) {
    nn::register(registry);
    elementwise::register(registry);
    diagonal::register(registry);
    registry.register::<spline::Spline<F>>();
    registry.register::<radial::Radial<F>>();
    registry.register::<mixture::LogisticMixture<F>>();
    registry.register::<coupling::Coupling<F>>();
    preprocess::register(registry);
}
