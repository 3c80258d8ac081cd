//! Drawing: canvas, colours, text, axes, legends and markers.

pub(crate) mod axis;
pub(crate) mod canvas;
pub(crate) mod clip;
pub(crate) mod frame;
pub(crate) mod legend;
pub(crate) mod marker;
pub(crate) mod palette;
pub(crate) mod points;
pub(crate) mod range;
pub(crate) mod raster;
pub(crate) mod text;
