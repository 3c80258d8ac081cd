//! Dots and intervals, one row per arm: final scores over seeds.

use crate::draw::axis::{self, Axis};
use crate::draw::canvas::{self, Anchor, Canvas, Paint, WIDTH};
use crate::draw::clip::Rect;
use crate::draw::frame::{self, Heading, MARGIN, SIZE};
use crate::draw::legend::{self, Legend, Sample};
use crate::draw::marker;
use crate::draw::palette;
use crate::draw::range::placeable;
use crate::draw::text;
use crate::error::ReportError;

/// One row of an [`IntervalPlot`].
#[derive(Debug, Clone, PartialEq)]
pub struct Interval {
    /// Name of the row.
    pub name: String,
    /// Its centre. If not finite, no marker is drawn.
    pub mean: f64,
    /// Lower end of the interval; not finite if unknown.
    pub low: f64,
    /// Upper end of the interval; not finite if unknown.
    pub high: f64,
    /// The individual values, for example one per seed. Values that are not finite are omitted.
    pub points: Vec<f64>,
    /// Index into the palette.
    pub color: usize,
}

/// A horizontal dot-and-interval chart.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct IntervalPlot {
    /// Title above the plot; empty for none.
    pub title: String,
    /// The label of the x-axis, with its unit.
    pub x_label: String,
    /// The rows, from top to bottom.
    pub intervals: Vec<Interval>,
    /// Named vertical dashed lines, for baselines.
    pub reference: Vec<(String, f64)>,
}

/// Height of a row with a one-line name, and of each further line.
const ROW: f64 = 36.0;
const LINE: f64 = 18.0;
/// Maximum width of the name column, and the gap beside it.
const NAMES: f64 = 168.0;
const GAP: f64 = 10.0;

/// Draws `plot` as an SVG (viewBox 4400 units wide, ten per pixel; sized by its container). Each
/// interval has a row with its name, the mean as a number, a marker at the mean on a bar from `low`
/// to `high`, and the points as small dots.
///
/// The x-axis spans all means, ends and points, cut to `[Q₁ − 3·(Q₃ − Q₁), Q₃ + 3·(Q₃ − Q₁)]` with
/// their quartiles. Each mean extends this range, but by at most a factor of four; each reference
/// line extends it by at most a factor of two. Anything beyond is shown as an arrow at the border.
///
/// # Errors
///
/// [`ReportError::NothingToDraw`] if nothing is finite,
/// [`ReportError::ReversedInterval`] if some `low > high`.
pub fn interval_plot(plot: &IntervalPlot) -> Result<String, ReportError> {
    titled(plot, true)
}

/// [`interval_plot`], with the title either drawn or only used as the accessible name.
pub(crate) fn titled(plot: &IntervalPlot, show_title: bool) -> Result<String, ReportError> {
    if let Some(i) = plot.intervals.iter().find(|i| i.low > i.high) {
        return Err(ReportError::ReversedInterval { name: i.name.clone(), low: i.low, high: i.high });
    }
    let values: Vec<f64> = plot
        .intervals
        .iter()
        .flat_map(|i| [i.mean, i.low, i.high].into_iter().chain(i.points.clone()))
        .filter(|v| placeable(*v, false))
        .collect();
    let means: Vec<f64> = plot.intervals.iter().map(|i| i.mean).collect();
    let references: Vec<f64> = plot.reference.iter().map(|r| r.1).collect();
    let Some(range) = axis::robust_range(&values, &means, &references, false) else {
        return Err(ReportError::NothingToDraw {
            plot: plot.title.clone(),
            series: plot.intervals.len(),
            points: plot.intervals.iter().map(|i| i.points.len()).sum(),
        });
    };

    let heading = Heading::new(if show_title { &plot.title } else { "" }, "");
    let rows: Vec<Row<'_>> = plot.intervals.iter().map(|i| Row::new(i, range.1 - range.0)).collect();
    let names = rows.iter().map(Row::name_width).fold(0.0, f64::max);
    let written = rows.iter().map(Row::written_width).fold(0.0, f64::max);
    let top = heading.height();
    let rect = Rect {
        left: MARGIN + names + GAP,
        top,
        right: WIDTH - MARGIN - written - GAP,
        bottom: top + rows.iter().map(Row::height).sum::<f64>() + 2.0,
    };
    let axis = Axis::new(range, false, (rect.left, rect.right));
    let x_lines = text::wrap(&plot.x_label, SIZE, WIDTH - 2.0 * MARGIN);
    let legend = Legend::new(entries(plot, &axis), MARGIN);
    let x_title_top = rect.bottom + 24.0;
    let legend_top = x_title_top + SIZE * 1.4 * x_lines.len() as f64 + 8.0;
    let label = if plot.title.is_empty() { &plot.x_label } else { &plot.title };
    canvas::draw(legend_top + legend.height() + MARGIN, label, |canvas| {
        heading.draw(canvas);
        frame::x_ticks(canvas, rect, &axis, &frame::fitting_ticks(&axis, 5));
        frame::base_line(canvas, rect);
        for (index, (_, value)) in plot.reference.iter().enumerate() {
            if placeable(*value, false) && axis.holds(*value) {
                let x = axis.place(*value);
                let line = [(x, rect.top), (x, rect.bottom)];
                canvas.path(&line, 1.5, legend::reference_paint(index));
            }
        }
        let mut y = rect.top;
        for row in &rows {
            row.draw(canvas, y, rect, &axis);
            y += row.height();
        }
        frame::x_title(canvas, rect, x_title_top, &x_lines);
        legend.draw(canvas, legend_top);
    })
}

/// The references with their values; rows are labelled directly.
fn entries(plot: &IntervalPlot, axis: &Axis) -> Vec<(Sample, String)> {
    plot.reference
        .iter()
        .enumerate()
        .map(|(index, (name, value))| {
            let shown = placeable(*value, false) && axis.holds(*value);
            let place = if shown { "" } else { ", off the range" };
            let written = text::number(*value, axis.resolution(*value));
            (Sample::Reference(index), format!("{name} ({written}{place})"))
        })
        .collect()
}

/// A row, ready to draw.
struct Row<'a> {
    interval: &'a Interval,
    name: Vec<String>,
    written: String,
}

impl<'a> Row<'a> {
    fn new(interval: &'a Interval, span: f64) -> Self {
        let written =
            if interval.mean.is_finite() { text::number(interval.mean, span / 1000.0) } else { "no value".to_owned() };
        Self { interval, name: text::wrap(&interval.name, SIZE, NAMES), written }
    }

    fn name_width(&self) -> f64 {
        let widths = self.name.iter().map(|line| text::width(line, SIZE));
        widths.fold(0.0, f64::max)
    }

    fn written_width(&self) -> f64 {
        text::width(&self.written, SIZE)
    }

    fn height(&self) -> f64 {
        ROW + LINE * self.name.len().saturating_sub(1) as f64
    }

    fn draw(&self, canvas: &mut Canvas<'_>, top: f64, rect: Rect, axis: &Axis) {
        let Interval { mean, low, high, color, .. } = *self.interval;
        let y = top + self.height() / 2.0;
        let first = y - LINE * self.name.len().saturating_sub(1) as f64 / 2.0;
        for (i, line) in self.name.iter().enumerate() {
            let at = (rect.left - GAP, first + LINE * i as f64);
            canvas.text(line, at, SIZE, Anchor::End, Paint::ink());
        }
        let at = (WIDTH - MARGIN, y);
        canvas.text(&self.written, at, SIZE, Anchor::End, Paint::ink());

        let paint = Paint::new(palette::color(color));
        let held = |v: f64| axis.place(v).clamp(rect.left, rect.right);
        if placeable(low, false) && placeable(high, false) {
            let bar = [(held(low), y), (held(high), y)];
            canvas.path(&bar, 3.0, paint.clone().opacity(0.7));
            for end in [low, high].into_iter().filter(|v| axis.holds(*v)) {
                let x = axis.place(end);
                canvas.path(&[(x, y - 5.0), (x, y + 5.0)], 2.0, paint.clone());
            }
        }
        let everything = self.interval.points.iter().copied().chain([mean, low, high]);
        for value in everything.filter(|v| placeable(*v, false) && !axis.holds(*v)) {
            if axis.place(value) < rect.left {
                marker::beyond(canvas, (rect.left, y), (-1.0, 0.0), paint.clone());
            } else {
                marker::beyond(canvas, (rect.right, y), (1.0, 0.0), paint.clone());
            }
        }
        for point in &self.interval.points {
            if placeable(*point, false) && axis.holds(*point) {
                let at = (axis.place(*point), y + 10.0);
                canvas.disc(at, 2.4, Paint::ink().opacity(0.65));
            }
        }
        if placeable(mean, false) && axis.holds(mean) {
            marker::draw(canvas, color, (axis.place(mean), y), 5.2);
        }
    }
}
