//! Circular splines of angles.

mod layer;
mod options;
mod passes;

pub use layer::Circular;
pub use options::CircularOptions;
