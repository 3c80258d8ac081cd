//! Couplings: some features of a row change as a small network of the others, or of a condition, says.

mod layer;
mod network;
mod options;
mod split;
mod transform;

pub use layer::Coupling;
pub use options::CouplingOptions;
pub use split::Split;
pub use transform::Transform;

pub(crate) use layer::register;
pub(crate) use transform::{Backward, Forward, Inverse, Rows};
