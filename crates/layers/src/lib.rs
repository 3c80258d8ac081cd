#![doc = include_str!("../README.md")]

pub mod autoregressive;
pub mod circular;
mod columnwise;
pub mod coupling;
pub mod diagonal;
pub mod elementwise;
pub mod mixture;
pub mod nn;
pub mod preprocess;
pub mod radial;
pub mod spline;

pub use columnwise::is_columnwise;

use pdmap_core::{Real, Registry};

/// Registers the kinds of this crate.
pub fn register<F: Real>(registry: &mut Registry<F>) {
    F::run(&Kinds, registry);
}

/// Compiles the kinds of this crate once, here, and not in every crate that builds a flow.
struct Kinds;

pdmap_core::kernel!(Kinds, &'a mut Registry<F>, |_this, registry| add_kinds(registry));

fn add_kinds<F: Real>(registry: &mut Registry<F>) {
    nn::register(registry);
    elementwise::register(registry);
    diagonal::register(registry);
    registry.register::<spline::Spline<F>>();
    registry.register::<radial::Radial<F>>();
    registry.register::<mixture::LogisticMixture<F>>();
    registry.register::<coupling::Coupling<F>>();
    registry.register::<autoregressive::Autoregressive<F>>();
    registry.register::<circular::Circular<F>>();
    preprocess::register(registry);
}
