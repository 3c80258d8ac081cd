//! Base densities: what the map sends the data to.

mod density;
mod student;

pub use density::{Base, BaseSpec};
