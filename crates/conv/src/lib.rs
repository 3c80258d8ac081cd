#![doc = include_str!("../README.md")]

pub mod bank;
mod free;
mod layer;
mod multiscale;
mod spectrum;
mod stream;
mod windows;

pub use free::{FreeConv, FreeDirection};
pub use layer::{Boundary, CycledConv, Geometry, Output, SubbandScale, SubbandShift};
pub use multiscale::Squeeze;
pub use stream::{Analyzer, Synthesizer};
// What a program needs beside the layers of this crate.
pub use pdmap_core::group::{Direction, Group};
pub use pdmap_core::{
    Base, BaseSpec, Chain, Flow, Layer, LayerError, LayerExt, Real, Registry, Result, Training, diagonal,
    elementwise, optim,
};
pub use {ndarray, rand};

fn unsaved(spec: &pdmap_core::LayerSpec) -> LayerError {
    let reason = "it is a way to make a chain, and a saved flow has that";
    LayerError::NotBuildable { kind: spec.kind.clone(), reason }
}

/// Adds the kinds of this crate to a registry, so that saved models find them.
pub fn register<F: Real>(registry: &mut Registry<F>) {
    registry.insert_built(CycledConv::<F>::KIND, CycledConv::restore, CycledConv::build);
    registry.insert_built(FreeConv::<F>::KIND, FreeConv::restore, FreeConv::build);
    registry.insert_built(SubbandScale::<F>::KIND, SubbandScale::restore, SubbandScale::build);
    registry.insert_built(SubbandShift::<F>::KIND, SubbandShift::restore, SubbandShift::build);
    registry.insert_built(Squeeze::KIND, Squeeze::restore, Squeeze::build);
    // A multi-scale flow is saved as the chain that it is made of.
    registry.insert_built("multiscale", |spec, _, _| Err(unsaved(spec)), multiscale::build);
}
