#![doc = include_str!("../README.md")]

pub mod bank;
mod free;
mod layer;
mod spectrum;
mod stream;
mod windows;

pub use free::{FreeConv, FreeDirection};
pub use layer::{Boundary, CycledConv, Geometry, Output, SubbandScale, SubbandShift};
pub use stream::{Analyzer, Synthesizer};
// What a program needs beside the layers of this crate.
pub use pdmap_core::group::{Direction, Group};
pub use pdmap_core::{
    Base, BaseSpec, Chain, Flow, Layer, LayerError, LayerExt, Real, Registry, Result, Training, diagonal,
    elementwise, optim,
};
pub use {ndarray, rand};

/// Adds the kinds of this crate to a registry, so that saved models find them.
pub fn register<F: Real>(registry: &mut Registry<F>) {
    registry.insert_built(CycledConv::<F>::KIND, CycledConv::restore, CycledConv::build);
    registry.insert_built(FreeConv::<F>::KIND, FreeConv::restore, FreeConv::build);
    registry.insert_built(SubbandScale::<F>::KIND, SubbandScale::restore, SubbandScale::build);
    registry.insert_built(SubbandShift::<F>::KIND, SubbandShift::restore, SubbandShift::build);
}
