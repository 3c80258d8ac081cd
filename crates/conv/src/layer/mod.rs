//! Layers: the brick-wall convolution and the scale that its subbands share over positions.

mod bands;
mod contract;
mod cycled;
mod geometry;
mod options;
mod pass;
mod places;
mod route;
mod small;
mod subband_scale;
mod subband_shift;
mod tasks;

pub use cycled::CycledConv;
pub use geometry::{Boundary, Geometry, Output};
pub(crate) use options::{one_or_more, shaped};
pub use subband_scale::SubbandScale;
pub use subband_shift::SubbandShift;
