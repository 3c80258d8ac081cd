//! What can go wrong between numbers and a page.

use thiserror::Error;

/// Why a plot or a page could not be drawn.
#[derive(Debug, Error)]
pub enum ReportError {
    /// No point of the plot can be placed: all are missing, not finite, or not
    /// positive on a logarithmic axis.
    #[error(
        "nothing to draw in plot `{plot}`: {series} series with {points} points, none of them finite \
         (and positive where an axis is logarithmic)"
    )]
    NothingToDraw {
        /// Title of the plot.
        plot: String,
        /// How many series or intervals were given.
        series: usize,
        /// How many points they held together.
        points: usize,
    },
    /// Pictures with more cells than a page takes.
    #[error("plot `{plot}` has {cells} cells, {most} are the most")]
    TooManyCells {
        /// Title of the plot.
        plot: String,
        /// Cells of all pictures.
        cells: usize,
        /// Largest number that is drawn.
        most: usize,
    },
    /// A requested axis range is empty, reversed, not finite, or not positive
    /// on a logarithmic axis.
    #[error("plot `{plot}` asks for the y-range {low} to {high}, which its axis cannot show")]
    BadRange {
        /// Title of the plot.
        plot: String,
        /// Lower end asked for.
        low: f64,
        /// Upper end asked for.
        high: f64,
    },
    /// An interval whose lower end is above its upper end.
    #[error("interval `{name}` runs from {low} down to {high}")]
    ReversedInterval {
        /// Name of the interval.
        name: String,
        /// Lower end given.
        low: f64,
        /// Upper end given.
        high: f64,
    },
    /// A table row with another number of cells than the header.
    #[error("table `{table}`: row {row} has {cells} cells, the header has {columns}")]
    RaggedRow {
        /// Caption of the table.
        table: String,
        /// Index of the row, from 0.
        row: usize,
        /// Cells in that row.
        cells: usize,
        /// Cells in the header.
        columns: usize,
    },
    /// The row to be marked as best does not exist.
    #[error("table `{table}`: row {best} is to be marked as the best of {rows} rows")]
    NoBestRow {
        /// Caption of the table.
        table: String,
        /// Index asked for, from 0.
        best: usize,
        /// Rows the table has.
        rows: usize,
    },
    /// The SVG backend refused to draw.
    #[error("drawing an SVG of {width} by {height} units: {message}")]
    Draw {
        /// Width in SVG units.
        width: u32,
        /// Height in SVG units.
        height: u32,
        /// What the backend said.
        message: String,
    },
    /// The page template did not render.
    #[error("rendering the page: {0}")]
    Template(#[from] minijinja::Error),
}
