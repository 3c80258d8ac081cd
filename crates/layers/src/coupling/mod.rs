//! Couplings: some features of a row change as a network of the others, or of a condition, says.

mod cells;
mod engine;
mod layer;
mod options;
mod passes;
mod sight;
mod split;
mod transform;

pub use layer::Coupling;
pub use options::CouplingOptions;
pub use split::Split;
pub use transform::Transform;
