//! Scale and shift: the diagonal group.

mod layer;
mod per_feature;
mod scale;
mod shift;

pub use layer::{Action, Diagonal, Sharing};
pub use pdmap_core::group::ScaleDirection;
pub use per_feature::PerFeature;
pub use scale::Scale;
pub use shift::Shift;

use pdmap_core::{Real, Registry};

pub(crate) fn register<F: Real>(registry: &mut Registry<F>) {
    registry.register::<Scale<F>>();
    registry.register::<Shift<F>>();
}
