//! Coupling layers: some features of a row change through a map whose parameters a network computes
//! from the others or from a condition.

mod affine;
mod bounded;
mod cells;
mod engine;
mod layer;
mod options;
mod passes;
mod split;
mod transform;

pub use layer::Coupling;
pub use options::CouplingOptions;
pub use split::Split;
pub use transform::Transform;
