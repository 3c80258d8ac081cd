//! Layers: the brick-wall convolution, and scales and shifts shared by the positions of a subband.

mod bank;
mod bands;
mod contract;
mod cycled;
mod geometry;
mod options;
mod pass;
mod places;
mod route;
mod small;
mod subbands;
mod tasks;

pub use bank::{kernels_of, stages_of};
pub use bands::Bands;
pub use cycled::CycledConv;
pub use geometry::{Boundary, Geometry, Output};
pub(crate) use options::{one_or_more, shaped};
pub(crate) use subbands::register;
pub use subbands::{SubbandScale, SubbandShift, subband_scale, subband_shift};
