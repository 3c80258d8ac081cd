//! The kinds of plots, each a description and a function that draws it as an SVG.

pub(crate) mod heat_map;
pub(crate) mod interval_plot;
pub(crate) mod line_plot;
pub(crate) mod pairs;
pub(crate) mod pictures;
mod standalone;
mod tiles;

pub use heat_map::{HeatMap, MOST_MAP_CELLS, heat_map};
pub use interval_plot::{Interval, IntervalPlot, interval_plot};
pub use line_plot::{LinePlot, Series, line_plot};
pub use pairs::{MOST_PAIR_COLUMNS, PairColumn, PairPlot, pair_plot};
pub use pictures::{MOST_PIXELS, Pictures, pictures};
pub use standalone::standalone;
pub use tiles::{MOST_CELLS, Tile, Tiles, tiles};
