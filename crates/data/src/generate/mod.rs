//! Synthetic data, named `synthetic:NAME?key=value&key=value`.

mod generator;
mod ica;
mod leaves;
mod moons;
mod nearest;
mod options;
mod render;
mod rows;
mod source;

pub use generator::Generator;
pub use ica::{Ica, IcaTruth};
pub use leaves::Leaves;
pub use moons::Moons;
pub use source::Source;
