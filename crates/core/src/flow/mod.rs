//! Density models: an invertible map and a base density.

pub mod base;
mod builder;
mod ensemble;
mod evaluate;
mod evaluator;
mod model;
mod parts;
mod reduce;
mod step;
mod training;

pub use builder::FlowBuilder;
pub use ensemble::Ensemble;
pub(crate) use ensemble::register as register_ensemble;
pub use evaluator::Evaluator;
pub use model::Flow;
pub use reduce::{Alone, Reduce};
pub use training::{BatchReport, Training};
