//! Clips lines to the plot rectangle.

/// A point in plot pixels.
pub(crate) type Point = (f64, f64);

/// An axis-parallel rectangle in plot pixels, y growing downwards.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rect {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) right: f64,
    pub(crate) bottom: f64,
}

/// The part of the segment `a`–`b` inside `rect`, from the parameters at which it crosses each side
/// (Liang and Barsky); `None` if it misses.
fn segment(a: Point, b: Point, rect: Rect) -> Option<(Point, Point)> {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let (mut enter, mut leave) = (0.0f64, 1.0f64);
    let sides = [(-dx, a.0 - rect.left), (dx, rect.right - a.0), (-dy, a.1 - rect.top), (dy, rect.bottom - a.1)];
    for (towards, room) in sides {
        if towards == 0.0 {
            if room < 0.0 {
                return None;
            }
        } else if towards < 0.0 {
            enter = enter.max(room / towards);
        } else {
            leave = leave.min(room / towards);
        }
    }
    let at = |t: f64| (a.0 + t * dx, a.1 + t * dy);
    (enter <= leave).then(|| (at(enter), at(leave)))
}

/// The pieces of the polyline through `points` inside `rect`.
pub(crate) fn polyline(points: &[Point], rect: Rect) -> Vec<Vec<Point>> {
    let mut pieces: Vec<Vec<Point>> = Vec::new();
    let mut connected = false;
    for pair in points.windows(2) {
        let Some((a, b)) = segment(pair[0], pair[1], rect) else {
            connected = false;
            continue;
        };
        match pieces.last_mut() {
            Some(piece) if connected && a == pair[0] => piece.push(b),
            _ => pieces.push(vec![a, b]),
        }
        connected = b == pair[1];
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECT: Rect = Rect { left: 0.0, top: 0.0, right: 10.0, bottom: 10.0 };

    #[test]
    fn an_inside_line_stays_one_piece() {
        let line = [(1.0, 1.0), (5.0, 9.0), (9.0, 2.0)];
        assert_eq!(polyline(&line, RECT), vec![line.to_vec()]);
    }

    #[test]
    fn an_excursion_splits_the_line_at_the_border() {
        let line = [(0.0, 5.0), (5.0, 15.0), (10.0, 5.0)];
        let pieces = polyline(&line, RECT);
        assert_eq!(pieces, vec![vec![(0.0, 5.0), (2.5, 10.0)], vec![(7.5, 10.0), (10.0, 5.0)]]);
    }

    #[test]
    fn an_outside_line_vanishes() {
        assert!(polyline(&[(-5.0, -1.0), (20.0, -1.0)], RECT).is_empty());
    }
}
