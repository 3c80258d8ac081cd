#![doc = include_str!("../README.md")]

mod base;
mod chain;
pub mod check;
pub mod diagonal;
pub mod elementwise;
mod error;
mod evaluator;
mod flow;
mod grads;
pub mod group;
mod layer;
pub mod linalg;
pub mod optim;
pub mod options;
pub mod parallel;
pub mod radial;
mod real;
mod registry;
mod sample;
pub mod spline;
mod state;
mod tape;
mod tensors;

pub use base::{Base, BaseSpec};
pub use chain::Chain;
pub use error::{LayerError, Result};
pub use evaluator::Evaluator;
pub use flow::{BatchReport, Flow, Training};
pub use grads::{GradSum, LayerGrads, ParamGrad};
pub use layer::{Diagnostic, Input, Layer, LayerExt, LayerSpec, Recorded};
pub use real::Real;
pub use registry::{Build, Fresh, Registry, Restore};
pub use sample::Sample;
pub use state::State;
pub use tape::{Buffer, Tape};
pub use tensors::Tensors;
