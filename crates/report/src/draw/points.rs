//! Prepares a series: drops points that cannot be placed and thins those that cannot be seen.

use super::clip::Point;
use super::range::placeable;

/// Splits `points` into runs of placeable points. The line does not bridge gaps.
pub(crate) fn runs(points: &[Point], log_x: bool, log_y: bool) -> Vec<Vec<Point>> {
    points
        .split(|(x, y)| !(placeable(*x, log_x) && placeable(*y, log_y)))
        .filter(|run| !run.is_empty())
        .map(<[Point]>::to_vec)
        .collect()
}

/// Thins pixels to at most four per stretch within one column of width `column`: the first, the
/// lowest, the highest and the last, in order. The drawn line covers the same pixels as before.
pub(crate) fn thin(pixels: &[Point], column: f64) -> Vec<Point> {
    let mut out = Vec::new();
    let same = |a: &Point, b: &Point| (a.0 / column).floor() == (b.0 / column).floor();
    for stretch in pixels.chunk_by(same) {
        if stretch.len() <= 4 {
            out.extend_from_slice(stretch);
            continue;
        }
        let mut keep = vec![0, stretch.len() - 1];
        let by_y = |a: &usize, b: &usize| stretch[*a].1.total_cmp(&stretch[*b].1);
        keep.extend((0..stretch.len()).min_by(by_y));
        keep.extend((0..stretch.len()).max_by(by_y));
        keep.sort_unstable();
        keep.dedup();
        out.extend(keep.into_iter().map(|i| stretch[i]));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unplaceable_points_split_the_series() {
        let points = [(1.0, 1.0), (2.0, f64::NAN), (3.0, 1.0), (4.0, 2.0), (f64::INFINITY, 1.0), (0.0, 5.0)];
        assert_eq!(runs(&points, false, false), vec![vec![(1.0, 1.0)], vec![(3.0, 1.0), (4.0, 2.0)], vec![(0.0, 5.0)]]);
        // On a logarithmic x-axis, the point at zero is dropped too.
        assert_eq!(runs(&points, true, false).len(), 2);
    }

    #[test]
    fn thinning_keeps_the_extremes_and_the_ends() {
        let mut pixels: Vec<Point> = (0..1000).map(|i| (f64::from(i) / 1e4, 5.0)).collect();
        pixels[400].1 = -3.0;
        pixels[700].1 = 8.0;
        let thinned = thin(&pixels, 1.0);
        assert_eq!(thinned, [pixels[0], pixels[400], pixels[700], pixels[999]]);
        let few: Vec<Point> = (0..50).map(|i| (f64::from(i), 0.0)).collect();
        assert_eq!(thin(&few, 1.0), few);
    }
}
