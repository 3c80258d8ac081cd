//! Initializes splines to map the distribution of a sample to the standard normal one.

use ndarray::ArrayView2;
use statrs::distribution::{ContinuousCDF, Normal};

use super::LEAST;
use super::parameters::Parameters;
use pdmap_core::Real;

/// Minimum number of values per bin for a fit.
const ENOUGH: usize = 4;

/// Maximum number of values sorted per spline.
const SORTED: usize = 1 << 14;

/// Places the knots at equal distances in `y`, and in `x` at the matching quantiles of the sample,
/// `F(x_k) = Φ(y_k)`, subject to the minimum bin width. Slopes at the inner knots are means of
/// those of the adjacent bins.
pub(super) fn gaussian_knots<F: Real>(splines: &mut Parameters<F>, sample: ArrayView2<'_, F>) {
    let (options, positions) = (splines.options(), splines.positions());
    let (bins, bound) = (options.bins, options.bound);
    let Ok(normal) = Normal::new(0.0, 1.0) else { return };
    let height = 2.0 * bound / bins as f64;
    let mut values: Vec<f64> = Vec::new();
    for unit in 0..splines.features() / positions {
        values.clear();
        let columns = unit * positions..(unit + 1) * positions;
        let rows = sample.rows().into_iter().take((SORTED / positions).max(1));
        values.extend(rows.flat_map(|row| columns.clone().map(move |column| row[column].f64())));
        if values.len() < ENOUGH * bins {
            continue;
        }
        values.sort_by(f64::total_cmp);
        let quantile = |p: f64| {
            let place = p * (values.len() - 1) as f64;
            let (low, share) = (place.floor(), place.fract());
            let at = |index: f64| values[(index as usize).min(values.len() - 1)];
            at(low) + share * (at(low + 1.0) - at(low))
        };
        let mut knots: Vec<f64> = (0..=bins)
            .map(|k| match k {
                0 => -bound,
                _ if k == bins => bound,
                _ => quantile(normal.cdf(-bound + height * k as f64)).clamp(-bound, bound),
            })
            .collect();
        // From either side: no bin is narrower than twice the minimum width.
        let least = 4.0 * LEAST * bound;
        for k in 1..bins {
            knots[k] = knots[k].max(knots[k - 1] + least);
        }
        for k in (1..bins).rev() {
            knots[k] = knots[k].min(knots[k + 1] - least);
        }
        let shares: Vec<f64> = knots.windows(2).map(|pair| (pair[1] - pair[0]) / (2.0 * bound)).collect();
        let secants: Vec<f64> = knots.windows(2).map(|pair| height / (pair[1] - pair[0])).collect();
        // The geometric mean lies between the two and is symmetric under inversion.
        let slopes: Vec<f64> = secants.windows(2).map(|pair| (pair[0] * pair[1]).sqrt()).collect();
        splines.set_unit(unit, &shares, &slopes);
    }
    splines.refill();
}
