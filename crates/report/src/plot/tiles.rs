//! Grids of small pictures: kernels of images.

use std::fmt::Write;

use crate::draw::text;
use crate::error::ReportError;

/// One picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Tile {
    /// Its name, shown as a tooltip.
    pub name: String,
    /// Its rows and columns.
    pub size: (usize, usize),
    /// Values, row by row. Cells that are not finite stay empty.
    pub values: Vec<f64>,
}

/// Pictures in a grid on a common scale: blue above 0, red below, with opacity increasing with
/// magnitude.
#[derive(Debug, Clone, PartialEq)]
pub struct Tiles {
    /// Title above the grid; empty for none.
    pub title: String,
    /// The pictures, row by row of the grid.
    pub tiles: Vec<Tile>,
    /// Pictures per row of the grid.
    pub columns: usize,
}

/// Width of the grid in user units.
const WIDTH: f64 = 440.0;

/// Gap between pictures.
const GAP: f64 = 4.0;

/// Height of the title.
const HEADING: f64 = 24.0;

/// The largest total number of cells that keeps a page usable.
pub const MOST_CELLS: usize = 40_000;

/// Draws the pictures as an SVG, sized by its container.
///
/// # Errors
/// [`ReportError::NothingToDraw`] without a finite nonzero value, or for more cells than a page
/// allows.
pub fn tiles(grid: &Tiles) -> Result<String, ReportError> {
    let cells: usize = grid.tiles.iter().map(|tile| tile.values.len()).sum();
    let finite = grid.tiles.iter().flat_map(|tile| &tile.values).filter(|value| value.is_finite());
    let largest = finite.fold(0.0_f64, |largest, value| largest.max(value.abs()));
    if cells > MOST_CELLS {
        return Err(ReportError::TooManyCells { plot: grid.title.clone(), cells, most: MOST_CELLS });
    }
    if largest == 0.0 {
        let (plot, series) = (grid.title.clone(), grid.tiles.len());
        return Err(ReportError::NothingToDraw { plot, series, points: cells });
    }
    let columns = grid.columns.clamp(1, grid.tiles.len());
    let side = (WIDTH - GAP * (columns as f64 - 1.0)) / columns as f64;
    let heading = if grid.title.is_empty() { 0.0 } else { HEADING };
    let tallest = grid.tiles.iter().map(|tile| tile.size.0 as f64 / tile.size.1.max(1) as f64);
    let height = side * tallest.fold(0.0, f64::max);
    let total = heading + grid.tiles.len().div_ceil(columns) as f64 * (height + GAP) - GAP;
    let title = text::escape(&grid.title);
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {total:.2}\" xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-label=\"{title}\">\n"
    );
    if heading > 0.0 {
        // Writing to a String cannot fail.
        let _ = writeln!(svg, "<text x=\"0\" y=\"15\" font-size=\"13\" fill=\"currentColor\">{title}</text>");
    }
    for (index, tile) in grid.tiles.iter().enumerate() {
        let (x, y) = ((index % columns) as f64 * (side + GAP), (index / columns) as f64 * (height + GAP));
        let cell = side / tile.size.1.max(1) as f64;
        let _ = writeln!(
            svg,
            "<g transform=\"translate({x:.2} {:.2})\"><title>{}</title><rect width=\"{side:.2}\" height=\"{:.2}\" fill=\"none\" stroke=\"currentColor\" stroke-opacity=\"0.3\" stroke-width=\"0.5\"/>",
            y + heading,
            text::escape(&tile.name),
            cell * tile.size.0 as f64,
        );
        for (place, &value) in tile.values.iter().enumerate() {
            let opacity = value.abs() / largest;
            if !value.is_finite() || opacity < 0.005 {
                continue;
            }
            let (row, column) = (place / tile.size.1.max(1), place % tile.size.1.max(1));
            let color = if value > 0.0 { "#2a6fbb" } else { "#c0392b" };
            let _ = writeln!(
                svg,
                "<rect x=\"{:.2}\" y=\"{:.2}\" width=\"{cell:.2}\" height=\"{cell:.2}\" fill=\"{color}\" fill-opacity=\"{opacity:.2}\"/>",
                column as f64 * cell,
                row as f64 * cell,
            );
        }
        svg.push_str("</g>\n");
    }
    svg.push_str("</svg>");
    Ok(svg)
}
