#![doc = include_str!("../README.md")]

mod bias;
mod dense;
mod parameters;
mod svd;

pub use bias::BiasKind;
pub use dense::Dense;
pub use pdmap_core::group::{Direction, Group};
pub use svd::svd;

use pdmap_core::{Real, Registry};

/// Registers the kinds of this crate, so that saved models can be restored.
pub fn register<F: Real>(registry: &mut Registry<F>) {
    registry.register::<Dense<F>>();
}
