//! Plots and self-contained HTML pages for pdmap.
//!
//! The vocabulary is small: a [`LinePlot`] of [`Series`], an
//! [`IntervalPlot`] of [`Interval`]s, a [`HeatMap`], [`Pictures`] or [`Tiles`]
//! become an SVG string; a [`Page`] of
//! [`Section`]s, [`Table`]s and [`Figure`]s becomes one HTML file without
//! scripts and without anything to fetch.
//!
//! Every plot has a transparent background, draws its text and axes in
//! `currentColor`, and uses series colours that keep a contrast of at least
//! 3:1 against a white and a near-black page alike, so one SVG serves the light
//! and the dark theme. Arms differ in colour, in dash and in marker.
//!
//! ```
//! use pdmap_report::{Figure, LinePlot, Page, Section, Series};
//!
//! # fn main() -> Result<(), pdmap_report::ReportError> {
//! let points = (0..50).map(|step| (f64::from(step), -1.0 / f64::from(step + 1))).collect();
//! let plot = LinePlot {
//!     title: "Learning curve".into(),
//!     x_label: "step".into(),
//!     y_label: "nats a row".into(),
//!     series: vec![Series { name: "validation".into(), points, color: 0, label: true }],
//!     ..LinePlot::default()
//! };
//! let figure = Figure::of_lines(&plot, "Higher is better.")?;
//! let section = Section { heading: "Training".into(), figures: vec![figure], ..Section::default() };
//! let page = Page { title: "A run".into(), sections: vec![section], ..Page::default() };
//! let html = page.render()?; // one file: no scripts, nothing to fetch
//! assert!(html.contains("<svg") && !html.contains("<script"));
//! # Ok(())
//! # }
//! ```

mod axis;
mod canvas;
mod clip;
mod error;
mod frame;
mod heat_map;
mod interval_plot;
mod legend;
mod line_plot;
mod marker;
mod page;
mod palette;
mod pictures;
mod points;
mod range;
mod raster;
mod standalone;
mod table;
mod text;
mod tiles;

pub use error::ReportError;
pub use heat_map::{HeatMap, MOST_MAP_CELLS, heat_map};
pub use interval_plot::{Interval, IntervalPlot, interval_plot};
pub use line_plot::{LinePlot, Series, line_plot};
pub use page::{Figure, Page, Section};
pub use palette::{PALETTE_SIZE, color};
pub use pictures::{MOST_PIXELS, Pictures, pictures};
pub use standalone::standalone;
pub use table::Table;
pub use text::number;
pub use tiles::{MOST_CELLS, Tile, Tiles, tiles};
