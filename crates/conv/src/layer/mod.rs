//! Layers: the brick-wall convolution and the scale that its subbands share over positions.

mod contract;
mod cycled;
mod geometry;
mod options;
mod pass;
mod places;
mod route;
mod small;
mod tasks;

pub use cycled::CycledConv;
pub use geometry::{Boundary, Geometry, Output};
