//! Grids of grey pictures, such as image rows and samples.

use crate::draw::canvas::{self, WIDTH};
use crate::draw::clip::Rect;
use crate::draw::frame::{Heading, MARGIN};
use crate::draw::range;
use crate::draw::raster::{self, Pixel};
use crate::error::ReportError;

/// Grey pictures of equal size in a grid, on a common scale.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Pictures {
    /// Title above the grid; empty for none.
    pub title: String,
    /// Rows and columns of a picture.
    pub size: (usize, usize),
    /// The pictures, row by row of the grid, each with its pixels row by row from the top. Pixels
    /// that are not finite stay empty.
    pub pictures: Vec<Vec<f64>>,
    /// Pictures per row of the grid.
    pub columns: usize,
    /// The values shown as black and white; `None` for the 0.5% and 99.5% quantiles of all values.
    pub range: Option<(f64, f64)>,
}

/// The largest total number of pixels.
pub const MOST_PIXELS: usize = 1 << 20;

/// Draws the pictures as an SVG, sized by its container.
///
/// # Errors
/// [`ReportError::NothingToDraw`] without a finite value, or if a picture does not have the stated
/// size; [`ReportError::TooManyCells`]; [`ReportError::BadRange`] for a range that is reversed or
/// not finite.
pub fn pictures(grid: &Pictures) -> Result<String, ReportError> {
    titled(grid, true)
}

/// [`pictures`], with the title either drawn or only used as the accessible name.
pub(crate) fn titled(grid: &Pictures, show_title: bool) -> Result<String, ReportError> {
    let (rows, columns) = grid.size;
    let cells = grid.pictures.len().saturating_mul(rows.saturating_mul(columns));
    if cells > MOST_PIXELS {
        return Err(ReportError::TooManyCells { plot: grid.title.clone(), cells, most: MOST_PIXELS });
    }
    let nothing =
        || ReportError::NothingToDraw { plot: grid.title.clone(), series: grid.pictures.len(), points: cells };
    if cells == 0 || grid.pictures.iter().any(|picture| picture.len() != rows * columns) {
        return Err(nothing());
    }
    let (low, high) = match grid.range {
        Some(range) => range,
        None => range::quantiles(grid.pictures.iter().flatten(), 0.005).ok_or_else(nothing)?,
    };
    if !(low.is_finite() && high.is_finite() && low <= high) {
        return Err(ReportError::BadRange { plot: grid.title.clone(), low, high });
    }
    // One pixel between pictures; empty pixels stay transparent.
    let across = grid.columns.clamp(1, grid.pictures.len().max(1));
    let down = grid.pictures.len().div_ceil(across);
    let (width, height) = (across * (columns + 1) - 1, down * (rows + 1) - 1);
    let mut pixels: Vec<Pixel> = vec![[0; 4]; width * height];
    for (index, picture) in grid.pictures.iter().enumerate() {
        let (top, left) = (index / across * (rows + 1), index % across * (columns + 1));
        for (place, &value) in picture.iter().enumerate().filter(|(_, value)| value.is_finite()) {
            let share = if high > low { (value - low) / (high - low) } else { 0.5 };
            let grey = (share.clamp(0.0, 1.0) * 255.0).round() as u8;
            pixels[(top + place / columns) * width + left + place % columns] = [grey, grey, grey, 255];
        }
    }
    let uri = raster::data_uri((width, height), &pixels)?;
    let heading = Heading::new(if show_title { &grid.title } else { "" }, "");
    let top = heading.height() + 4.0;
    let side = WIDTH - 2.0 * MARGIN;
    let bottom = top + side * height as f64 / width as f64;
    let rect = Rect { left: MARGIN, top, right: MARGIN + side, bottom };
    canvas::draw(bottom + MARGIN, &grid.title, |canvas| {
        canvas.picture(rect, &uri);
        heading.draw(canvas);
    })
}
