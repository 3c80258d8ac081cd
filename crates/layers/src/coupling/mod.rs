//! Coupling layers: some features of a row change through a map whose parameters a network computes
//! from the others or from a condition.

mod affine;
mod bounded;
mod cells;
mod engine;
mod layer;
mod network;
mod options;
mod parts;
mod passes;
mod saved;
mod split;
mod transform;

pub use layer::Coupling;
pub use options::CouplingOptions;
pub use split::{CellFeatures, OUTSIDE, Split};
pub use transform::Transform;

pub(crate) use bounded::bounded;
pub(crate) use cells::each_row;
pub(crate) use engine::{Direction, Engine};
pub(crate) use network::{network, numbers};
pub(crate) use parts::in_parts;
pub(crate) use saved::Saved;
