//! Heat maps of a density over the plane.

use crate::draw::axis::Axis;
use crate::draw::canvas::{self, WIDTH};
use crate::draw::clip::Rect;
use crate::draw::frame::{self, Heading, MARGIN, SIZE};
use crate::draw::palette;
use crate::draw::raster::{self, Pixel};
use crate::draw::text;
use crate::error::ReportError;

/// Values on a grid over the plane: a density, or the counts of a histogram.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HeatMap {
    /// Title above the plot; empty for none.
    pub title: String,
    /// The label of the x-axis, with its unit.
    pub x_label: String,
    /// The label of the y-axis, with its unit.
    pub y_label: String,
    /// From the left border of the first column to the right border of the last.
    pub x_range: (f64, f64),
    /// From the lower border of the first row to the upper border of the last.
    pub y_range: (f64, f64),
    /// Rows and columns of the grid.
    pub size: (usize, usize),
    /// Nonnegative values, row by row starting from the **lowest** `y`. Cells that are not finite
    /// stay empty.
    pub values: Vec<f64>,
    /// Index into the palette.
    pub color: usize,
}

/// The largest number of cells of a map: 512 × 512.
pub const MOST_MAP_CELLS: usize = 1 << 18;

/// Draws `map` as an SVG, sized by its container. The opacity of a cell is
/// `√(value / largest value)`, which makes tails visible.
///
/// # Errors
/// [`ReportError::NothingToDraw`] if no value is above 0 or the number of values differs from the
/// number of cells; [`ReportError::TooManyCells`]; [`ReportError::BadRange`] for a range that is
/// empty, reversed or not finite.
pub fn heat_map(map: &HeatMap) -> Result<String, ReportError> {
    titled(map, true)
}

/// [`heat_map`], with the title either drawn or only used as the accessible name.
pub(crate) fn titled(map: &HeatMap, show_title: bool) -> Result<String, ReportError> {
    let uri = raster::data_uri((map.size.1, map.size.0), &pixels(map)?)?;
    for (low, high) in [map.x_range, map.y_range] {
        if !(low.is_finite() && high.is_finite() && high - low > low.abs().max(high.abs()) * 1e-12) {
            return Err(ReportError::BadRange { plot: map.title.clone(), low, high });
        }
    }
    let heading = Heading::new(if show_title { &map.title } else { "" }, &map.y_label);
    let top = heading.height() + 10.0;
    // Square, within the space that the labels of the y-axis leave.
    let side = WIDTH - 2.0 * MARGIN - 60.0;
    let y_axis = Axis::new(map.y_range, false, (top + side, top));
    let y_ticks = y_axis.ticks(6);
    let widest = y_ticks.iter().map(|tick| text::width(&tick.label, SIZE)).fold(0.0, f64::max);
    let left = MARGIN + 8.0 + widest;
    let rect = Rect { left, top, right: WIDTH - MARGIN - 4.0, bottom: top + side };
    let x_axis = Axis::new(map.x_range, false, (rect.left, rect.right));
    let x_lines = text::wrap(&map.x_label, SIZE, rect.right - rect.left);
    let x_title_top = rect.bottom + 24.0;
    let height = x_title_top + SIZE * 1.4 * x_lines.len() as f64 + MARGIN;
    let label =
        if map.title.is_empty() { format!("{} against {}", map.y_label, map.x_label) } else { map.title.clone() };
    canvas::draw(height, &label, |canvas| {
        canvas.picture(rect, &uri);
        heading.draw(canvas);
        frame::x_ticks(canvas, rect, &x_axis, &frame::fitting_ticks(&x_axis, 7));
        frame::y_ticks(canvas, rect, &y_axis, &y_ticks);
        frame::base_line(canvas, rect);
        frame::x_title(canvas, rect, x_title_top, &x_lines);
    })
}

/// The pixels, starting from the top row.
pub(crate) fn pixels(map: &HeatMap) -> Result<Vec<Pixel>, ReportError> {
    let (rows, columns) = map.size;
    let cells = rows.saturating_mul(columns);
    if cells > MOST_MAP_CELLS {
        return Err(ReportError::TooManyCells { plot: map.title.clone(), cells, most: MOST_MAP_CELLS });
    }
    let finite = map.values.iter().filter(|value| value.is_finite());
    let largest = finite.fold(0.0, |largest: f64, &value| largest.max(value));
    if largest <= 0.0 || map.values.len() != cells {
        let (plot, points) = (map.title.clone(), map.values.len());
        return Err(ReportError::NothingToDraw { plot, series: 1, points });
    }
    let [red, green, blue] = palette::channels(map.color);
    let pixel = |value: f64| {
        let opacity = if value.is_finite() { (value.max(0.0) / largest).sqrt() } else { 0.0 };
        [red, green, blue, (opacity * 255.0).round() as u8]
    };
    Ok(map.values.chunks(columns.max(1)).rev().flatten().map(|&value| pixel(value)).collect())
}
