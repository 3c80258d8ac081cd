//! Line plots, for example learning curves.

use crate::draw::axis::{self, Axis, Tick};
use crate::draw::canvas::{self, Anchor, Canvas, Paint, WIDTH};
use crate::draw::clip::{self, Point, Rect};
use crate::draw::frame::{self, Heading, MARGIN, SIZE};
use crate::draw::legend::{self, Legend, Sample};
use crate::draw::marker;
use crate::draw::palette;
use crate::draw::points;
use crate::draw::range::placeable;
use crate::draw::text;
use crate::error::ReportError;

/// One line of a [`LinePlot`].
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Name in the legend.
    pub name: String,
    /// `(x, y)` in drawing order. A point that is not finite, or not positive on a logarithmic
    /// axis, is omitted and leaves a gap.
    pub points: Vec<(f64, f64)>,
    /// Index into the palette, which determines colour, dash pattern and marker. All seeds of an
    /// arm share it.
    pub color: usize,
    /// Whether the legend lists this series; set it for one seed per arm.
    pub label: bool,
}

/// A plot of lines.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LinePlot {
    /// Title above the plot; empty for none.
    pub title: String,
    /// The label of the x-axis, with its unit.
    pub x_label: String,
    /// The label of the y-axis, with its unit.
    pub y_label: String,
    /// Whether the x-axis is logarithmic.
    pub log_x: bool,
    /// Whether the y-axis is logarithmic.
    pub log_y: bool,
    /// The lines; later ones are drawn on top.
    pub series: Vec<Series>,
    /// Named horizontal dashed lines, for baselines.
    pub reference: Vec<(String, f64)>,
    /// The y-range; `None` for the robust range of [`line_plot`].
    pub y_range: Option<(f64, f64)>,
}

/// Height of the data area in pixels.
const PLOT_HEIGHT: f64 = 250.0;

/// Draws `plot` as an SVG (viewBox 4400 units wide, ten per pixel; sized by its container).
///
/// The x-axis spans all points. Unless `y_range` is given, the y-axis spans the values cut to
/// `[Q₁ − 3·(Q₃ − Q₁), Q₃ + 3·(Q₃ − Q₁)]`, where `Q₁` and `Q₃` are the quartiles of all y-values
/// (of their logarithms if `log_y`), so a diverging run does not compress the others. The last
/// point of each series extends this range, but by at most a factor of four; each reference line
/// extends it by at most a factor of two. Lines end at the border. A series that ends beyond it
/// gets an arrow; a reference beyond it appears only in the legend. The plot states how many points
/// lie beyond the range.
///
/// # Errors
///
/// [`ReportError::NothingToDraw`] if no point can be placed; [`ReportError::BadRange`] if `y_range`
/// is empty, reversed or impossible.
pub fn line_plot(plot: &LinePlot) -> Result<String, ReportError> {
    titled(plot, true)
}

/// [`line_plot`], with the title either drawn or only used as the accessible name.
pub(crate) fn titled(plot: &LinePlot, show_title: bool) -> Result<String, ReportError> {
    let data: Vec<Vec<Vec<Point>>> =
        plot.series.iter().map(|s| points::runs(&s.points, plot.log_x, plot.log_y)).collect();
    let all: Vec<Point> = data.iter().flatten().flatten().copied().collect();
    let xs: Vec<f64> = all.iter().map(|p| p.0).collect();
    let ys: Vec<f64> = all.iter().map(|p| p.1).collect();
    let Some(x_range) = axis::full_range(&xs, plot.log_x, 0.015) else {
        return Err(ReportError::NothingToDraw {
            plot: plot.title.clone(),
            series: plot.series.len(),
            points: plot.series.iter().map(|s| s.points.len()).sum(),
        });
    };
    let y_range = y_range(plot, &data, &ys)?;

    let heading = Heading::new(if show_title { &plot.title } else { "" }, &plot.y_label);
    let top = heading.height() + 10.0;
    let y_axis = Axis::new(y_range, plot.log_y, (top + PLOT_HEIGHT, top));
    let y_ticks = y_axis.ticks(5);
    let rect =
        Rect { left: MARGIN + 8.0 + widest(&y_ticks), top, right: WIDTH - MARGIN - 4.0, bottom: top + PLOT_HEIGHT };
    let x_axis = Axis::new(x_range, plot.log_x, (rect.left, rect.right));
    let x_lines = text::wrap(&plot.x_label, SIZE, rect.right - rect.left);
    let beyond = beyond_note(&y_axis, &ys, plot.log_y, y_range);
    let legend = Legend::new(entries(plot, &y_axis), MARGIN);

    let x_title_top = rect.bottom + 24.0;
    let note_top = x_title_top + SIZE * 1.4 * x_lines.len() as f64 + 2.0;
    let legend_top = note_top + if beyond.is_empty() { 6.0 } else { 26.0 };
    let height = legend_top + legend.height() + MARGIN;
    let label =
        if plot.title.is_empty() { format!("{} against {}", plot.y_label, plot.x_label) } else { plot.title.clone() };
    canvas::draw(height, &label, |canvas| {
        heading.draw(canvas);
        frame::x_ticks(canvas, rect, &x_axis, &frame::fitting_ticks(&x_axis, 7));
        frame::y_ticks(canvas, rect, &y_axis, &y_ticks);
        frame::base_line(canvas, rect);
        for (index, (_, value)) in plot.reference.iter().enumerate() {
            if placeable(*value, plot.log_y) && y_axis.holds(*value) {
                let y = y_axis.place(*value);
                let line = [(rect.left, y), (rect.right, y)];
                canvas.path(&line, 1.5, legend::reference_paint(index));
            }
        }
        for (series, runs) in plot.series.iter().zip(&data) {
            draw_series(canvas, series.color, runs, rect, &x_axis, &y_axis);
        }
        frame::x_title(canvas, rect, x_title_top, &x_lines);
        if !beyond.is_empty() {
            let at = (rect.left, note_top + 10.0);
            let paint = Paint::ink().opacity(0.8);
            canvas.text(&beyond, at, 13.0, Anchor::Start, paint);
        }
        legend.draw(canvas, legend_top);
    })
}

/// The y-range in the axis' uniform coordinate.
fn y_range(plot: &LinePlot, data: &[Vec<Vec<Point>>], ys: &[f64]) -> Result<(f64, f64), ReportError> {
    if let Some((low, high)) = plot.y_range {
        let even = (Axis::even(low, plot.log_y), Axis::even(high, plot.log_y));
        let usable = placeable(low, plot.log_y) && placeable(high, plot.log_y);
        // Closer ends would leave no digits to place a value by.
        let least = even.0.abs().max(even.1.abs()) * 1e-12;
        if !usable || even.1 - even.0 <= least {
            return Err(ReportError::BadRange { plot: plot.title.clone(), low, high });
        }
        return Ok(even);
    }
    let ends: Vec<f64> = data.iter().filter_map(|runs| runs.last()?.last()).map(|p| p.1).collect();
    let references: Vec<f64> = plot.reference.iter().map(|r| r.1).collect();
    axis::robust_range(ys, &ends, &references, plot.log_y).ok_or_else(|| ReportError::NothingToDraw {
        plot: plot.title.clone(),
        series: plot.series.len(),
        points: ys.len(),
    })
}

fn widest(ticks: &[Tick]) -> f64 {
    let widths = ticks.iter().map(|t| text::width(&t.label, SIZE));
    widths.fold(0.0, f64::max)
}

/// States how many points lie outside the range; empty if none.
fn beyond_note(axis: &Axis, ys: &[f64], log: bool, range: (f64, f64)) -> String {
    let outside =
        |above: bool| ys.iter().filter(|y| !axis.holds(**y) && (Axis::even(**y, log) > range.1) == above).count();
    match (outside(false), outside(true)) {
        (0, 0) => String::new(),
        (below, 0) => format!("▾ {below} of {} points below the range", ys.len()),
        (0, above) => format!("▴ {above} of {} points above the range", ys.len()),
        (below, above) => {
            format!("▾ {below} below, ▴ {above} above of {} points", ys.len())
        }
    }
}

/// The labelled series, each name once, then the references with their values.
fn entries(plot: &LinePlot, y_axis: &Axis) -> Vec<(Sample, String)> {
    let mut entries: Vec<(Sample, String)> = Vec::new();
    for series in plot.series.iter().filter(|s| s.label) {
        let entry = (Sample::Series(series.color), series.name.clone());
        if !entries.contains(&entry) {
            entries.push(entry);
        }
    }
    for (index, (name, value)) in plot.reference.iter().enumerate() {
        let written = text::number(*value, y_axis.resolution(*value));
        let shown = placeable(*value, plot.log_y) && y_axis.holds(*value);
        let place = if shown { "" } else { ", off the range" };
        let entry = format!("{name} ({written}{place})");
        entries.push((Sample::Reference(index), entry));
    }
    entries
}

/// Draws the runs of one series, with its marker at the last point.
fn draw_series(canvas: &mut Canvas<'_>, color: usize, runs: &[Vec<Point>], rect: Rect, x_axis: &Axis, y_axis: &Axis) {
    let paint = Paint::new(palette::color(color)).opacity(0.9);
    let place = |p: &Point| (x_axis.place(p.0), y_axis.place(p.1));
    for run in runs {
        let pixels: Vec<Point> = run.iter().map(place).collect();
        if let [only] = pixels.as_slice() {
            if y_axis.holds(run[0].1) {
                canvas.disc(*only, 2.0, paint.clone());
            }
            continue;
        }
        for piece in clip::polyline(&points::thin(&pixels, 0.5), rect) {
            canvas.path(&piece, 1.8, paint.clone().dash(palette::dash(color)));
        }
    }
    let Some(last) = runs.last().and_then(|run| run.last()) else {
        return;
    };
    let at = place(last);
    if y_axis.holds(last.1) {
        marker::draw(canvas, color, at, 3.8);
    } else if at.1 > rect.bottom {
        marker::beyond(canvas, (at.0, rect.bottom), (0.0, 1.0), paint);
    } else {
        marker::beyond(canvas, (at.0, rect.top), (0.0, -1.0), paint);
    }
}
