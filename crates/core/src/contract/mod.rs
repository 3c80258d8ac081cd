//! The contract: shapes, layers, modules, base densities, parameters and their geometry, update
//! rules, and the data passed between them.

mod base;
mod base_spec;
mod build_context;
mod draw;
mod duplicate;
pub(crate) mod formulas;
mod geometry;
mod gradients;
mod input;
mod layer;
pub mod mean;
mod memory;
mod module;
mod outer_sum;
mod parametric;
mod registry;
mod rule;
mod sample;
mod shape;
mod spec;
mod state;
pub(crate) mod step;
mod tape;
mod tensors;
mod workspace;

pub use base::{Base, DuplicateBase};
pub use base_spec::BaseSpec;
pub use build_context::BuildContext;
pub use draw::Draw;
pub use geometry::Geometry;
pub use gradients::{GradSum, Gradients, ParamGrad, exactly};
pub use input::{ForwardPass, In, Input, Out};
pub use layer::{DuplicateLayer, InverseBackward, Layer, LayerExt, check_condition, check_input};
pub use memory::Memory;
pub use module::{DuplicateModule, Module};
pub use outer_sum::{OuterForm, OuterSum, Squares};
pub(crate) use outer_sum::{view, view_mut};
pub use parametric::{NamedTensors, Parametric, ParametricExt, Visit, VisitMut};
pub use registry::{
    Build, BuildBase, BuildModule, Kind, ModuleContext, ModuleParameters, PlainBase, Registry, Restore, RestoreBase,
};
pub use rule::{Reads, Rule, StepReport};
pub use sample::Sample;
pub use shape::Shape;
pub use spec::{Diagnostic, LayerSpec};
pub use state::State;
pub use step::{ElementwiseStep, MOST_SLOTS, Piece, PieceStep};
pub use tape::{Buffer, Tape};
pub use tensors::Tensors;
pub(crate) use workspace::Workspace;
