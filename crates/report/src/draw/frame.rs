//! The surroundings of the data: title, grid, tick labels, axis titles.

use super::axis::{Axis, Tick};
use super::canvas::{Anchor, Canvas, Paint, WIDTH};
use super::clip::Rect;
use super::text;

/// Font size of the title, and of all other text.
const TITLE: f64 = 17.0;
pub(crate) const SIZE: f64 = 14.0;
/// Outer margin.
pub(crate) const MARGIN: f64 = 6.0;

/// Lines of text at the top of the plot, and the space they leave.
pub(crate) struct Heading {
    lines: Vec<(String, f64, Paint)>,
}

impl Heading {
    /// A heading with `title` and below it `subtitle`; either may be empty.
    pub(crate) fn new(title: &str, subtitle: &str) -> Self {
        let room = WIDTH - 2.0 * MARGIN;
        let mut lines = Vec::new();
        let parts = [(title, TITLE, Paint::ink()), (subtitle, SIZE, Paint::ink().opacity(0.8))];
        for (part, size, paint) in parts {
            if !part.trim().is_empty() {
                let wrapped = text::wrap(part, size, room).into_iter();
                lines.extend(wrapped.map(|line| (line, size, paint.clone())));
            }
        }
        Self { lines }
    }

    /// Height in pixels.
    pub(crate) fn height(&self) -> f64 {
        MARGIN + self.lines.iter().map(|(_, s, _)| s * 1.4).sum::<f64>()
    }

    /// Draws it at the top of the canvas.
    pub(crate) fn draw(&self, canvas: &mut Canvas<'_>) {
        let mut y = MARGIN;
        for (line, size, paint) in &self.lines {
            let at = (MARGIN, y + size * 0.7);
            canvas.text(line, at, *size, Anchor::Start, paint.clone());
            y += size * 1.4;
        }
    }
}

fn grid_paint() -> Paint {
    Paint::ink().opacity(0.16)
}

/// About `target` ticks of `axis`, as many as fit without overlapping labels.
pub(crate) fn fitting_ticks(axis: &Axis, target: usize) -> Vec<Tick> {
    let apart = |ticks: &Vec<Tick>| {
        ticks.windows(2).all(|pair| {
            let widths = text::width(&pair[0].label, SIZE) + text::width(&pair[1].label, SIZE);
            axis.place(pair[1].value) - axis.place(pair[0].value) >= widths / 2.0 + 8.0
        })
    };
    let fewest = || axis.ticks(2);
    (3..=target).rev().map(|t| axis.ticks(t)).find(apart).unwrap_or_else(fewest)
}

/// Draws vertical grid lines at `ticks`, with labels below `rect`. A label that would touch its
/// left neighbour is omitted.
pub(crate) fn x_ticks(canvas: &mut Canvas<'_>, rect: Rect, axis: &Axis, ticks: &[Tick]) {
    let mut free_from = 0.0;
    for tick in ticks {
        let x = axis.place(tick.value);
        canvas.path(&[(x, rect.top), (x, rect.bottom)], 1.0, grid_paint());
        let half = text::width(&tick.label, SIZE) / 2.0;
        let middle = x.min(WIDTH - half - 1.0);
        if middle - half >= free_from {
            let at = (middle, rect.bottom + 12.0);
            canvas.text(&tick.label, at, SIZE, Anchor::Middle, Paint::ink().opacity(0.8));
            free_from = middle + half + 6.0;
        }
    }
}

/// Draws horizontal grid lines at `ticks`, with labels to the left of `rect`.
pub(crate) fn y_ticks(canvas: &mut Canvas<'_>, rect: Rect, axis: &Axis, ticks: &[Tick]) {
    for tick in ticks {
        let y = axis.place(tick.value);
        canvas.path(&[(rect.left, y), (rect.right, y)], 1.0, grid_paint());
        let at = (rect.left - 6.0, y);
        canvas.text(&tick.label, at, SIZE, Anchor::End, Paint::ink().opacity(0.8));
    }
}

/// Draws the line along the lower border of `rect`.
pub(crate) fn base_line(canvas: &mut Canvas<'_>, rect: Rect) {
    let line = [(rect.left, rect.bottom), (rect.right, rect.bottom)];
    canvas.path(&line, 1.2, Paint::ink().opacity(0.6));
}

/// Draws the axis title from `top` down, centred below `rect` as far as the canvas allows.
pub(crate) fn x_title(canvas: &mut Canvas<'_>, rect: Rect, top: f64, lines: &[String]) {
    for (i, line) in lines.iter().enumerate() {
        let half = (text::width(line, SIZE) / 2.0).min(WIDTH / 2.0 - MARGIN);
        let middle = (rect.left + rect.right) / 2.0;
        let middle = middle.clamp(MARGIN + half, WIDTH - MARGIN - half);
        let at = (middle, top + SIZE * (0.7 + 1.4 * i as f64));
        canvas.text(line, at, SIZE, Anchor::Middle, Paint::ink().opacity(0.8));
    }
}
