#![doc = include_str!("../README.md")]

pub mod check;
pub mod combine;
pub mod contract;
mod error;
pub mod flow;
pub mod group;
pub mod linalg;
pub mod optim;
pub mod options;
pub mod parallel;
pub mod pool;
pub mod prelude;
pub mod row_weights;
mod scalar;
pub mod special;

pub use combine::{Chain, Conditioned, FactorOut, Invert};
pub use contract::{
    Base, BaseSpec, Buffer, BuildContext, Diagnostic, ForwardPass, Geometry, GradSum, Gradients, Input, Kind, Layer,
    LayerExt, LayerSpec, Module, OuterForm, OuterSum, ParamGrad, Parametric, ParametricExt, Registry, Sample, Shape,
    State, Tape, Tensors,
};
pub use error::{ForeignError, LayerError, Result};
pub use flow::{BatchReport, Evaluator, Flow, FlowBuilder, Training};
pub use row_weights::RowWeights;
pub use scalar::{Kernel, Real};

/// The combinators and base densities of this crate. Other crates add their own kinds.
pub fn registry<F: Real>() -> Registry<F> {
    let mut registry = Registry::empty();
    F::run(&Kinds, &mut registry);
    registry
}

/// Compiles the kinds of this crate once, here, and not in every crate that builds a flow.
struct Kinds;

kernel!(Kinds, &'a mut Registry<F>, |_this, registry| {
    combine::register(registry);
    flow::base::register(registry);
    flow::register_ensemble(registry);
});
