//! Pairwise marginals of two sets of rows in one matrix.

use crate::draw::canvas::{self, Anchor, Canvas, Paint, WIDTH};
use crate::draw::clip::{Point, Rect};
use crate::draw::frame::{Heading, MARGIN};
use crate::draw::legend::{Legend, Sample};
use crate::draw::palette;
use crate::draw::raster;
use crate::draw::text;
use crate::error::ReportError;
use crate::plot::heat_map::{HeatMap, pixels};

/// One column of a [`PairPlot`], of both sets of rows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PairColumn {
    /// Its name.
    pub name: String,
    /// What is shown of it: the lower and the upper end. Numbers beyond are left out.
    pub range: (f64, f64),
    /// Its numbers in the rows of the first and of the second set.
    pub values: [Vec<f64>; 2],
}

/// A matrix of panels for each pair of columns: the rows of one set below the diagonal, those of
/// another above, and histograms of both on it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PairPlot {
    /// Title above the plot; empty for none.
    pub title: String,
    /// Names of the two sets.
    pub sets: [String; 2],
    /// The columns, at most [`MOST_PAIR_COLUMNS`].
    pub columns: Vec<PairColumn>,
}

/// Most columns of a [`PairPlot`].
pub const MOST_PAIR_COLUMNS: usize = 6;

/// Cells of a panel in each direction, and bins of a histogram.
const CELLS: usize = 32;
const BINS: usize = 24;

/// Space between panels, and the size of their names.
const GAP: f64 = 4.0;
const SIZE: f64 = 11.0;

/// Draws the matrix as an SVG, sized by its container. A panel shows counts on a grid of 32 by 32
/// cells, whose opacity is `√(count / largest count)`, with its own largest count; x is the column
/// of the matrix, y its row, both over the ranges given.
///
/// # Errors
/// [`ReportError::NothingToDraw`] without columns, or with sets of different lengths;
/// [`ReportError::TooManyCells`] for more than [`MOST_PAIR_COLUMNS`]; [`ReportError::BadRange`].
pub fn pair_plot(plot: &PairPlot) -> Result<String, ReportError> {
    titled(plot, true)
}

/// [`pair_plot`], with the title either drawn or only used as the accessible name.
pub(crate) fn titled(plot: &PairPlot, show_title: bool) -> Result<String, ReportError> {
    check(plot)?;
    let count = plot.columns.len();
    let heading = Heading::new(if show_title { &plot.title } else { "" }, "");
    let top = heading.height() + SIZE * 1.6;
    let side = (WIDTH - 2.0 * MARGIN - GAP * (count - 1) as f64) / count as f64;
    let panel = |row: usize, column: usize| {
        let (left, top) = (MARGIN + column as f64 * (side + GAP), top + row as f64 * (side + GAP));
        Rect { left, top, right: left + side, bottom: top + side }
    };
    let mut pictures = Vec::new();
    for (row, column) in (0..count).flat_map(|row| (0..count).map(move |column| (row, column))) {
        if row != column {
            let set = usize::from(column > row);
            if let Some(uri) = density(plot, (row, column), set)? {
                pictures.push((panel(row, column), uri));
            }
        }
    }
    let entries = plot.sets.iter().enumerate().map(|(set, name)| (Sample::Series(set), name.clone()));
    let legend = Legend::new(entries.collect(), MARGIN);
    let legend_top = panel(count - 1, 0).bottom + 10.0;
    canvas::draw(legend_top + legend.height() + MARGIN, &label(plot), |canvas| {
        heading.draw(canvas);
        pictures.iter().for_each(|(rect, uri)| canvas.picture(*rect, uri));
        for (index, column) in plot.columns.iter().enumerate() {
            let Rect { left, right, .. } = panel(0, index);
            let at = ((left + right) / 2.0, top - SIZE * 0.8);
            canvas.text(&fitted(&column.name, side), at, SIZE, Anchor::Middle, Paint::ink());
            histograms(canvas, column, panel(index, index));
        }
        for (row, column) in (0..count).flat_map(|row| (0..count).map(move |column| (row, column))) {
            border(canvas, panel(row, column));
        }
        legend.draw(canvas, legend_top);
    })
}

/// The accessible name: what is where, and of which columns.
fn label(plot: &PairPlot) -> String {
    let names: Vec<&str> = plot.columns.iter().map(|column| &*column.name).collect();
    let [first, second] = &plot.sets;
    let title = if plot.title.is_empty() { "Pairwise marginals" } else { &plot.title };
    format!("{title} of {}: {first} below the diagonal, {second} above, histograms of both on it", names.join(", "))
}

fn check(plot: &PairPlot) -> Result<(), ReportError> {
    let (count, most) = (plot.columns.len(), MOST_PAIR_COLUMNS);
    if count > most {
        let (cells, most) = ((count * CELLS).pow(2), (most * CELLS).pow(2));
        return Err(ReportError::TooManyCells { plot: plot.title.clone(), cells, most });
    }
    let lengths = |column: &PairColumn| column.values.each_ref().map(Vec::len);
    let first = plot.columns.first().map_or([0, 0], lengths);
    if first[0] == 0 || plot.columns.iter().any(|column| lengths(column) != first) {
        let points = plot.columns.iter().flat_map(lengths).sum();
        return Err(ReportError::NothingToDraw { plot: plot.title.clone(), series: count, points });
    }
    for (low, high) in plot.columns.iter().map(|column| column.range) {
        if !(low.is_finite() && high.is_finite() && high > low) {
            return Err(ReportError::BadRange { plot: plot.title.clone(), low, high });
        }
    }
    Ok(())
}

/// The cell of a number, of so many over a range.
fn cell(value: f64, (low, high): (f64, f64), cells: usize) -> Option<usize> {
    let at = (value - low) / (high - low) * cells as f64;
    (0.0..=cells as f64).contains(&at).then(|| (at as usize).min(cells - 1))
}

/// The picture of a panel; none where all rows lie beyond it.
fn density(plot: &PairPlot, (row, column): (usize, usize), set: usize) -> Result<Option<String>, ReportError> {
    let (x, y) = (&plot.columns[column], &plot.columns[row]);
    let mut counts = vec![0.0; CELLS * CELLS];
    for (&a, &b) in x.values[set].iter().zip(&y.values[set]) {
        if let (Some(a), Some(b)) = (cell(a, x.range, CELLS), cell(b, y.range, CELLS)) {
            counts[b * CELLS + a] += 1.0;
        }
    }
    if counts.iter().all(|&count| count == 0.0) {
        return Ok(None);
    }
    let map = HeatMap { size: (CELLS, CELLS), values: counts, color: set, ..HeatMap::default() };
    raster::data_uri((CELLS, CELLS), &pixels(&map)?).map(Some)
}

/// The outlines of both histograms, as densities of one scale.
fn histograms(canvas: &mut Canvas<'_>, column: &PairColumn, rect: Rect) {
    let shares = column.values.each_ref().map(|values| {
        let mut counts = [0.0; BINS];
        values.iter().filter_map(|&value| cell(value, column.range, BINS)).for_each(|bin| counts[bin] += 1.0);
        counts.map(|count| count / values.len().max(1) as f64)
    });
    let highest = shares.iter().flatten().copied().fold(f64::MIN_POSITIVE, f64::max);
    for (set, shares) in shares.iter().enumerate() {
        let x = |edge: usize| rect.left + (rect.right - rect.left) * edge as f64 / BINS as f64;
        let y = |share: f64| rect.bottom - 0.92 * (rect.bottom - rect.top) * share / highest;
        let mut outline: Vec<Point> = vec![(x(0), rect.bottom)];
        for (bin, &share) in shares.iter().enumerate() {
            outline.extend([(x(bin), y(share)), (x(bin + 1), y(share))]);
        }
        outline.push((x(BINS), rect.bottom));
        let paint = Paint::new(palette::color(set)).opacity(0.95).dash(palette::dash(set));
        canvas.path(&outline, 1.4, paint);
    }
}

fn border(canvas: &mut Canvas<'_>, rect: Rect) {
    let Rect { left, top, right, bottom } = rect;
    let corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
    canvas.path(&corners, 0.8, Paint::ink().opacity(0.3));
}

/// A name, cut where it is wider than its panel.
fn fitted(name: &str, width: f64) -> String {
    if text::width(name, SIZE) <= width {
        return name.to_owned();
    }
    let mut cut = String::new();
    for letter in name.chars() {
        cut.push(letter);
        if text::width(&cut, SIZE) + text::width("…", SIZE) > width {
            cut.pop();
            break;
        }
    }
    cut + "…"
}
