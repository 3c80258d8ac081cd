#![doc = include_str!("../README.md")]

mod bias;
mod dense;
pub mod ica;
mod parameters;
mod svd;

pub use bias::BiasKind;
pub use dense::Dense;
pub use pdmap_core::group::{Direction, Group};
pub use svd::svd;

use pdmap_core::{Real, Registry};

/// Registers the kinds of this crate, so that saved models can be restored.
pub fn register<F: Real>(registry: &mut Registry<F>) {
    F::run(&Kinds, registry);
}

/// Compiles the kinds of this crate once, here, and not in every crate that builds a flow.
struct Kinds;

pdmap_core::kernel!(Kinds, &'a mut Registry<F>, |_this, registry| add_kinds(registry));

fn add_kinds<F: Real>(registry: &mut Registry<F>) {
    registry.register::<Dense<F>>();
}
