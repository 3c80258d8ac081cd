//! The errors of drawing plots and rendering pages.

use thiserror::Error;

/// Why a plot or page could not be drawn.
#[derive(Debug, Error)]
pub enum ReportError {
    /// No point of the plot can be placed: all are missing, not finite, or not positive on a
    /// logarithmic axis.
    #[error(
        "nothing to draw in plot `{plot}`: {series} series with {points} points, none of them finite \
         (and positive where an axis is logarithmic)"
    )]
    NothingToDraw {
        /// Title of the plot.
        plot: String,
        /// Number of series or intervals.
        series: usize,
        /// Total number of their points.
        points: usize,
    },
    /// The pictures have more cells than a page allows.
    #[error("plot `{plot}` has {cells} cells; the limit is {most}")]
    TooManyCells {
        /// Title of the plot.
        plot: String,
        /// Total cells of all pictures.
        cells: usize,
        /// The limit.
        most: usize,
    },
    /// The requested axis range is empty, reversed, not finite, or not positive on a logarithmic
    /// axis.
    #[error("plot `{plot}`: the axis cannot show the y-range {low} to {high}")]
    BadRange {
        /// Title of the plot.
        plot: String,
        /// Requested lower end.
        low: f64,
        /// Requested upper end.
        high: f64,
    },
    /// The lower end of an interval is above its upper end.
    #[error("interval `{name}` is reversed: {low} to {high}")]
    ReversedInterval {
        /// Name of the interval.
        name: String,
        /// Given lower end.
        low: f64,
        /// Given upper end.
        high: f64,
    },
    /// The number of cells in a table row differs from the header.
    #[error("table `{table}`: row {row} has {cells} cells, the header has {columns}")]
    RaggedRow {
        /// Caption of the table.
        table: String,
        /// Index of the row, from 0.
        row: usize,
        /// Cells in the row.
        cells: usize,
        /// Cells in the header.
        columns: usize,
    },
    /// The row to mark as best does not exist.
    #[error("table `{table}`: best row is {best}, but there are {rows} rows")]
    NoBestRow {
        /// Caption of the table.
        table: String,
        /// Requested index, from 0.
        best: usize,
        /// Number of rows.
        rows: usize,
    },
    /// The SVG backend failed.
    #[error("drawing an SVG of {width} by {height} units: {message}")]
    Draw {
        /// Width in SVG units.
        width: u32,
        /// Height in SVG units.
        height: u32,
        /// The message of the backend.
        message: String,
    },
    /// The page template failed to render.
    #[error("rendering the page: {0}")]
    Template(#[from] minijinja::Error),
}
