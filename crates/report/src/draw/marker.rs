//! Markers: a shape per palette index, for readers who cannot distinguish the colours.

use super::canvas::{Canvas, Paint};
use super::clip::Point;
use super::palette;

/// Draws the marker of palette index `index` at `at`, `radius` pixels large: disc, square,
/// triangle, diamond, inverted triangle or cross.
pub(crate) fn draw(canvas: &mut Canvas<'_>, index: usize, (x, y): Point, radius: f64) {
    let paint = Paint::new(palette::color(index));
    let r = radius;
    let outline: &[Point] = match index % 6 {
        0 => return canvas.disc((x, y), r, paint),
        1 => &[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
        2 => &[(0.0, -1.2), (1.1, 0.8), (-1.1, 0.8)],
        3 => &[(0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)],
        4 => &[(0.0, 1.2), (1.1, -0.8), (-1.1, -0.8)],
        _ => &[
            (-0.4, -1.2),
            (0.4, -1.2),
            (0.4, -0.4),
            (1.2, -0.4),
            (1.2, 0.4),
            (0.4, 0.4),
            (0.4, 1.2),
            (-0.4, 1.2),
            (-0.4, 0.4),
            (-1.2, 0.4),
            (-1.2, -0.4),
            (-0.4, -0.4),
        ],
    };
    let points: Vec<Point> = outline.iter().map(|(dx, dy)| (x + dx * r, y + dy * r)).collect();
    canvas.polygon(&points, paint);
}

/// Draws a small triangle at `at` that points in the unit direction `(dx, dy)`, indicating data
/// beyond the border.
pub(crate) fn beyond(canvas: &mut Canvas<'_>, at: Point, (dx, dy): Point, paint: Paint) {
    let (back, half) = (7.0, 4.0);
    let base = (at.0 - dx * back, at.1 - dy * back);
    canvas.polygon(&[at, (base.0 - dy * half, base.1 + dx * half), (base.0 + dy * half, base.1 - dx * half)], paint);
}
