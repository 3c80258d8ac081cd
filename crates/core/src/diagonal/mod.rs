//! Per-feature scale and shift: the diagonal group.

mod scale;
mod shift;

pub use scale::{Scale, ScaleDirection};
pub use shift::Shift;

use crate::{Real, Registry};

pub(crate) fn register<F: Real>(registry: &mut Registry<F>) {
    registry.insert_built(Scale::<F>::KIND, Scale::restore, Scale::build);
    registry.insert_built(Shift::<F>::KIND, Shift::restore, Shift::build);
}
