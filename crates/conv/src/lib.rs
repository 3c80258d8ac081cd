#![doc = include_str!("../README.md")]

mod bank;
mod free;
mod layer;
mod multiscale;

pub use bank::{kernels_of, stages_of};
pub use free::{FreeConv, FreeDirection};
pub use layer::{
    Bands, Boundary, CycledConv, Geometry, Output, SubbandScale, SubbandShift, subband_scale, subband_shift,
};
pub use multiscale::Squeeze;
// Re-exports from core that a program needs besides the layers of this crate.
pub use pdmap_core::flow::base;
pub use pdmap_core::group::{Direction, Group, ScaleDirection};
pub use pdmap_core::{
    Base, BaseSpec, Chain, Flow, Layer, LayerError, LayerExt, ParametricExt, Real, Registry, Result, Training, optim,
};
pub use pdmap_filterbank as filterbank;
pub use {ndarray, rand};

fn unsaved(spec: &pdmap_core::LayerSpec) -> LayerError {
    let reason = "it describes a chain, and a saved flow holds the chain itself";
    LayerError::NotBuildable { kind: spec.kind.clone(), reason }
}

/// Registers the kinds of this crate, so that saved models can be restored.
pub fn register<F: Real>(registry: &mut Registry<F>) {
    F::run(&Kinds, registry);
}

/// Compiles the kinds of this crate once, here, and not in every crate that builds a flow.
struct Kinds;

pdmap_core::kernel!(Kinds, &'a mut Registry<F>, |_this, registry| add_kinds(registry));

fn add_kinds<F: Real>(registry: &mut Registry<F>) {
    registry.register::<CycledConv<F>>();
    registry.register::<FreeConv<F>>();
    layer::register(registry);
    registry.register::<Squeeze>();
    // A multi-scale flow is saved as the chain that it consists of.
    registry.insert_built("multiscale", |spec, _, _| Err(unsaved(spec)), multiscale::build);
}
