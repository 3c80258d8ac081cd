//! Fits the maps of columns to rows.

use std::f64::consts::LN_2;

use ndarray::{ArrayView1, ArrayView2};
use pdmap_core::Real;

use super::domain::Domain;
use super::support::Support;

/// Quantiles that the distribution beyond a single bound is fitted to.
const QUANTILES: [f64; 5] = [0.1, 0.25, 0.5, 0.75, 0.9];

/// The shapes of such a distribution. A larger one would not be nearer to a column far from its bound,
/// which is for the standardization behind it.
const SHAPES: (f64, f64) = (0.25, 2.0);

/// Most numbers of a column that are sorted.
const SORTED: usize = 1 << 16;

/// Arcs of a circle, the emptiest of which is cut.
const ARCS: usize = 48;

/// The map of each column. Missing cells, which are NaN, do not count. Circles are cut open if `line`.
pub(super) fn supports<F: Real>(rows: ArrayView2<'_, F>, domains: &[Domain], line: bool) -> Vec<Support> {
    let of = |(column, &domain): (ArrayView1<'_, F>, &Domain)| match domain {
        Domain::Real => Support::Real,
        Domain::Interval { lower, upper } => Support::Interval { lower, upper },
        Domain::Above { lower } => {
            let (scale, shape) = weibull(numbers(column).map(|x| x - lower).collect());
            Support::Above { lower, scale, shape }
        }
        Domain::Below { upper } => {
            let (scale, shape) = weibull(numbers(column).map(|x| upper - x).collect());
            Support::Below { upper, scale, shape }
        }
        Domain::Angle { from, period } if line => {
            Support::Cut { from, period, cut: cut(numbers(column).map(|x| (x - from) / period), (from, period)) }
        }
        Domain::Angle { from, period } => Support::Turns { from, period },
    };
    rows.columns().into_iter().zip(domains).map(of).collect()
}

/// Evenly spaced numbers of a column.
fn numbers<F: Real>(column: ArrayView1<'_, F>) -> impl Iterator<Item = f64> {
    let step = column.len().div_ceil(SORTED).max(1);
    column.into_iter().step_by(step).map(|x| x.f64()).filter(|x| x.is_finite())
}

/// Scale and shape of distances from a bound, by a straight line through quantiles:
/// `log(−log(1 − p)) = k (log d_p − log λ)`; the median is met.
fn weibull(mut distances: Vec<f64>) -> (f64, f64) {
    distances.sort_by(f64::total_cmp);
    let quantile = |p: f64| {
        let at = (p * distances.len() as f64) as usize;
        distances.get(at.min(distances.len().saturating_sub(1))).copied().unwrap_or(0.0)
    };
    let points: Vec<(f64, f64)> = QUANTILES
        .iter()
        .map(|&p| (quantile(p), (-(-p).ln_1p()).ln()))
        .filter(|&(distance, _)| distance > 0.0 && distance.is_finite())
        .map(|(distance, y)| (distance.ln(), y))
        .collect();
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / points.len().max(1) as f64;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let spread: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    let both: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    let shape = if spread > 0.0 { (both / spread).clamp(SHAPES.0, SHAPES.1) } else { 1.0 };
    let median = Some(quantile(0.5)).filter(|median| *median > 0.0 && median.is_finite());
    // Half of the distances may be 0.
    let middle = median.or_else(|| distances.iter().copied().find(|distance| *distance > 0.0)).unwrap_or(1.0);
    let scale = middle / LN_2.powf(1.0 / shape);
    if scale > 0.0 && scale.is_finite() { (scale, shape) } else { (1.0, 1.0) }
}

/// The middle of the emptiest arc of a circle and of its two neighbours.
fn cut(turns: impl Iterator<Item = f64>, (from, period): (f64, f64)) -> f64 {
    let mut counts = [0_usize; ARCS];
    turns.for_each(|turn| counts[((turn - turn.floor()) * ARCS as f64) as usize % ARCS] += 1);
    let around = |arc: usize| 2 * counts[arc] + counts[(arc + 1) % ARCS] + counts[(arc + ARCS - 1) % ARCS];
    let emptiest = (0..ARCS).min_by_key(|&arc| around(arc)).unwrap_or(0);
    from + period * (emptiest as f64 + 0.5) / ARCS as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exponential_column_has_the_shape_1() {
        let count = 4000;
        let (scale, shape) =
            weibull((0..count).map(|i| -5.0 * (1.0 - (f64::from(i) + 0.5) / f64::from(count)).ln()).collect());
        assert!((scale - 5.0).abs() < 0.02 && (shape - 1.0).abs() < 0.005, "{scale} {shape}");
        // Columns without a spread, and with half of their cells on the bound.
        assert_eq!(weibull(vec![]), (1.0 / LN_2, 1.0));
        assert_eq!(weibull(vec![0.0; 9]), (1.0 / LN_2, 1.0));
        let (scale, shape) = weibull([vec![0.0; 70], vec![3.0; 30]].concat());
        assert!(scale.is_finite() && scale > 0.0 && shape > 0.0);
    }

    #[test]
    fn a_circle_is_cut_where_it_is_empty() {
        let turns = (0..100).map(|i| f64::from(i) / 200.0 - 0.25);
        let cut = cut(turns, (10.0, 360.0));
        assert!((cut - (10.0 + 180.0)).abs() < 90.0, "{cut}");
    }
}
