//! Radial Gaussianization: maps the length of a row, or of groups of its features, through a
//! monotone spline.

mod groups;
mod layer;
mod radii;

pub use groups::Groups;
pub use layer::Radial;
