//! Plots and self-contained HTML pages for pdmap.
//!
//! A [`LinePlot`] of [`Series`], an [`IntervalPlot`] of [`Interval`]s, a [`HeatMap`], a
//! [`PairPlot`], [`Pictures`] or [`Tiles`] becomes an SVG string. A [`Page`] of [`Section`]s,
//! [`Table`]s and [`Figure`]s becomes one self-contained HTML file without scripts or external
//! resources.
//!
//! Plots have a transparent background and draw text and axes in `currentColor`. Series colours
//! have a contrast of at least 3:1 on both a white and a near-black page, so the same SVG works in
//! light and dark themes. Arms differ in colour, dash pattern and marker.
//!
//! ```
//! use pdmap_report::{Figure, LinePlot, Page, Section, Series};
//!
//! # fn main() -> Result<(), pdmap_report::ReportError> {
//! let points = (0..50).map(|step| (f64::from(step), -1.0 / f64::from(step + 1))).collect();
//! let plot = LinePlot {
//!     title: "Learning curve".into(),
//!     x_label: "step".into(),
//!     y_label: "nats per row".into(),
//!     series: vec![Series { name: "validation".into(), points, color: 0, label: true }],
//!     ..LinePlot::default()
//! };
//! let figure = Figure::of_lines(&plot, "Higher is better.")?;
//! let section = Section { heading: "Training".into(), figures: vec![figure], ..Section::default() };
//! let page = Page { title: "A run".into(), sections: vec![section], ..Page::default() };
//! let html = page.render()?; // one file, no scripts, no external resources
//! assert!(html.contains("<svg") && !html.contains("<script"));
//! # Ok(())
//! # }
//! ```

mod draw;
mod error;
mod page;
mod plot;

pub use draw::palette::{PALETTE_SIZE, color};
pub use draw::text::number;
pub use error::ReportError;
pub use page::{Figure, Page, Section, Table};
pub use plot::{
    HeatMap, Interval, IntervalPlot, LinePlot, MOST_CELLS, MOST_MAP_CELLS, MOST_PAIR_COLUMNS, MOST_PIXELS, PairColumn,
    PairPlot, Pictures, Series, Tile, Tiles, heat_map, interval_plot, line_plot, pair_plot, pictures, standalone,
    tiles,
};
