//! The legend, below the plot so that it never covers data.

use super::canvas::{Anchor, Canvas, Paint, WIDTH};
use super::marker;
use super::palette;
use super::text;

/// Font size of entries, height of their lines, width of a sample.
const SIZE: f64 = 14.0;
const LINE: f64 = 20.0;
const SAMPLE: f64 = 36.0;
const GAP: f64 = 14.0;

/// The sample to the left of an entry.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Sample {
    /// The line and marker of a palette index.
    Series(usize),
    /// The line of the reference with this index.
    Reference(usize),
}

/// Dash patterns of reference lines.
const REFERENCE_DASHES: [&[f64]; 3] = [&[5.0, 4.0], &[1.5, 3.0], &[10.0, 4.0, 1.5, 4.0]];

/// The paint of reference line `index`.
pub(crate) fn reference_paint(index: usize) -> Paint {
    Paint::ink().opacity(0.75).dash(REFERENCE_DASHES[index % REFERENCE_DASHES.len()])
}

/// A legend laid out in columns as wide as its widest entry.
#[derive(Debug)]
pub(crate) struct Legend {
    /// Sample and wrapped lines of each entry.
    entries: Vec<(Sample, Vec<String>)>,
    columns: usize,
    pitch: f64,
    margin: f64,
}

impl Legend {
    /// Lays out `entries` between `margin` and the right border.
    pub(crate) fn new(entries: Vec<(Sample, String)>, margin: f64) -> Self {
        let room = WIDTH - 2.0 * margin - SAMPLE;
        let entries: Vec<(Sample, Vec<String>)> =
            entries.into_iter().map(|(sample, name)| (sample, text::wrap(&name, SIZE, room))).collect();
        let widest = entries
            .iter()
            .flat_map(|(_, lines)| lines)
            .map(|line| SAMPLE + text::width(line, SIZE) + GAP)
            .fold(SAMPLE + GAP, f64::max);
        let available = WIDTH - 2.0 * margin + GAP;
        let columns = ((available / widest) as usize).clamp(1, entries.len().max(1));
        Self { entries, columns, pitch: available / columns as f64, margin }
    }

    /// The height of each row of entries, in lines.
    fn rows(&self) -> impl Iterator<Item = (usize, &[(Sample, Vec<String>)])> {
        self.entries.chunks(self.columns).map(|row| {
            let lines = row.iter().map(|(_, lines)| lines.len()).max();
            (lines.unwrap_or(1), row)
        })
    }

    /// Height in pixels.
    pub(crate) fn height(&self) -> f64 {
        self.rows().map(|(lines, _)| lines as f64 * LINE).sum()
    }

    /// Draws it with its upper border at `top`.
    pub(crate) fn draw(&self, canvas: &mut Canvas<'_>, top: f64) {
        let mut y = top + LINE / 2.0;
        for (lines, row) in self.rows() {
            for (column, (sample, names)) in row.iter().enumerate() {
                let x = self.margin + column as f64 * self.pitch;
                let line = [(x, y), (x + SAMPLE - 8.0, y)];
                match *sample {
                    Sample::Series(index) => {
                        let paint = Paint::new(palette::color(index)).dash(palette::dash(index));
                        canvas.path(&line, 2.0, paint);
                        marker::draw(canvas, index, (x + (SAMPLE - 8.0) / 2.0, y), 3.8);
                    }
                    Sample::Reference(index) => canvas.path(&line, 1.5, reference_paint(index)),
                }
                for (i, name) in names.iter().enumerate() {
                    let at = (x + SAMPLE, y + i as f64 * LINE);
                    canvas.text(name, at, SIZE, Anchor::Start, Paint::ink());
                }
            }
            y += lines as f64 * LINE;
        }
    }
}
