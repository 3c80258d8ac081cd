//! Layers: the brick-wall convolution, and scales and shifts shared by the positions of a subband.

mod bands;
mod contract;
mod cycled;
mod geometry;
mod options;
mod order;
mod pass;
mod route;
mod small;
mod subbands;
mod tasks;

pub use bands::Bands;
pub use cycled::CycledConv;
pub use geometry::{Boundary, Geometry, Output};
pub(crate) use options::{one_or_more, shaped};
pub(crate) use subbands::register;
pub use subbands::{SubbandScale, SubbandShift, subband_scale, subband_shift};
