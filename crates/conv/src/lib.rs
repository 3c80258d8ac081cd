#![doc = include_str!("../README.md")]

mod layer;

pub use layer::{Boundary, CycledConv, Geometry, Output, SubbandScale, SubbandShift};
pub use pdmap_core::group::{Direction, Group};

use pdmap_core::{Real, Registry};

/// Adds the kinds of this crate to a registry, so that saved models find them.
pub fn register<F: Real>(registry: &mut Registry<F>) {
    registry.insert_built(CycledConv::<F>::KIND, CycledConv::restore, CycledConv::build);
    registry.insert_built(SubbandScale::<F>::KIND, SubbandScale::restore, SubbandScale::build);
    registry.insert_built(SubbandShift::<F>::KIND, SubbandShift::restore, SubbandShift::build);
}
