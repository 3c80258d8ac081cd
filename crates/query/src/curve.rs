//! An arcsinh curve: the map of one column, and its fit.

use pdmap_mixture::Pull;

/// `z = (asinh((x − location)/scale) − centre)/spread`: Johnson's system SU (Johnson 1949), linear
/// where the scale is far above that of the cells, and logarithmic where it is far below.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Curve {
    pub(crate) location: f64,
    pub(crate) scale: f64,
    pub(crate) centre: f64,
    pub(crate) spread: f64,
}

/// Scales that are tried, in units of the spread of the cells. At the largest, the curve is a line
/// up to 1e-6.
const SCALES: [f64; 2] = [1e-3, 1e3];

/// Scales that a first fit starts from, in the same units.
const STARTS: [f64; 4] = [1e3, 3.0, 0.6, 0.1];

/// Least step of the search: of `log scale`, and of the location in units of the scale.
const STEP: f64 = 0.004;

impl Curve {
    /// The curve after which cells are nearest to a standard normal distribution, by their likelihood.
    pub(crate) fn normal(cells: &[f64]) -> Self {
        let Cells { middle, spread, .. } = Cells::new(cells, &[]);
        // A standard normal density pulls every cell towards 0.
        let pulls = vec![Pull { precision: 1.0, linear: 0.0 }; cells.len()];
        let cells = Cells::new(cells, &pulls);
        let from = |scale: f64| cells.search(middle, scale * spread, 1.0);
        let found = STARTS.map(from).into_iter().max_by(|a, b| a.0.total_cmp(&b.0));
        found.map_or_else(|| cells.line(), |(_, curve)| curve)
    }

    /// The curve of highest expected log-likelihood under the pulls on the cells, near this one.
    pub(crate) fn pulled(&self, cells: &[f64], pulls: &[Pull]) -> Self {
        Cells::new(cells, pulls).search(self.location, self.scale, 0.128).1
    }

    pub(crate) fn value(&self, x: f64) -> f64 {
        (((x - self.location) / self.scale).asinh() - self.centre) / self.spread
    }

    /// `log dz/dx`.
    pub(crate) fn log_slope(&self, x: f64) -> f64 {
        -((x - self.location) / self.scale).hypot(1.0).ln() - (self.scale * self.spread).ln()
    }
}

/// The cells of a column that are there.
struct Cells<'a> {
    cells: &'a [f64],
    pulls: &'a [Pull],
    /// Median, and a robust standard deviation.
    middle: f64,
    spread: f64,
    least: f64,
    most: f64,
}

impl<'a> Cells<'a> {
    fn new(cells: &'a [f64], pulls: &'a [Pull]) -> Self {
        let mut sorted = cells.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let at = |share: f64| sorted.get((share * sorted.len() as f64) as usize).copied().unwrap_or(0.0);
        let (least, most) = (at(0.0), sorted.last().copied().unwrap_or(0.0));
        // Where half of the cells are equal, quartiles say nothing.
        let quartiles = (at(0.75) - at(0.25)) / 1.349;
        let spread = quartiles.max(1e-3 * (most - least)).max(f64::MIN_POSITIVE);
        Self { cells, pulls, middle: at(0.5), spread, least, most }
    }

    fn line(&self) -> Curve {
        Curve { location: self.middle, scale: SCALES[1] * self.spread, centre: 0.0, spread: 1.0 / SCALES[1] }
    }

    /// The best centre and spread for a location and a scale, and the expected log-likelihood with
    /// them, up to a constant, in nats. With `g = asinh`, `z = α + β g`, and sums over the cells,
    /// this is
    ///
    /// ```text
    /// Σ linear z − ½ Σ precision z² + N log β + Σ log g',
    /// ```
    ///
    /// a parabola in α, and after that `Bβ − ½Aβ² + N log β`.
    fn best(&self, location: f64, scale: f64) -> (f64, Curve) {
        let [mut w, mut wg, mut wgg, mut b, mut bg, mut slopes] = [0.0; 6];
        for (&x, pull) in self.cells.iter().zip(self.pulls) {
            let t = (x - location) / scale;
            let g = t.asinh();
            w += pull.precision;
            wg += pull.precision * g;
            wgg += pull.precision * g * g;
            b += pull.linear;
            bg += pull.linear * g;
            slopes -= t.mul_add(t, 1.0).ln();
        }
        let count = self.cells.len() as f64;
        let (square, product) = (wgg - wg * wg / w, bg - wg * b / w);
        let beta = (product + product.mul_add(product, 4.0 * square * count).sqrt()) / (2.0 * square);
        let alpha = (b - beta * wg) / w;
        let value =
            beta * product - 0.5 * beta * beta * square + 0.5 * b * b / w + count * (beta / scale).ln() + 0.5 * slopes;
        let value = if value.is_finite() { value } else { f64::NEG_INFINITY };
        (value, Curve { location, scale, centre: -alpha / beta, spread: 1.0 / beta })
    }

    /// Compass search in the location and `log scale`.
    fn search(&self, location: f64, scale: f64, first: f64) -> (f64, Curve) {
        let [low, high] = SCALES.map(|scale| scale * self.spread);
        let reach = self.most - self.least;
        let mut best = self.best(location, scale.clamp(low, high));
        let mut step = first;
        while step > STEP {
            let mut moved = false;
            for (right, up) in [(0.0, 1.0), (0.0, -1.0), (1.0, 0.0), (-1.0, 0.0)] {
                let Curve { location, scale, .. } = best.1;
                // A line has no location.
                let across = scale.min(self.spread);
                let place = (location + right * step * across).clamp(self.least - reach, self.most + reach);
                let next = self.best(place, (scale * (up * step).exp()).clamp(low, high));
                if next.0 > best.0 {
                    (best, moved) = (next, true);
                }
            }
            if !moved {
                step *= 0.5;
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use pdmap_core::special::normal::tail_quantile;

    use super::*;

    /// Quantiles of the standard normal distribution, in place of draws.
    fn normal(count: usize) -> Vec<f64> {
        let quantile = |i: usize| {
            let p = (i as f64 + 0.5) / count as f64;
            tail_quantile(p.min(1.0 - p).ln()).copysign(p - 0.5)
        };
        (0..count).map(quantile).collect()
    }

    fn distance(curve: &Curve, cells: &[f64], z: &[f64]) -> f64 {
        cells.iter().zip(z).map(|(&x, z)| (curve.value(x) - z).abs()).fold(0.0, f64::max)
    }

    /// Cells that some curve makes normal are made so: heavy tails, none, and the logarithm in all
    /// but the last bits.
    #[test]
    fn a_column_becomes_normal() {
        let z = normal(2001);
        let maps: [fn(f64) -> f64; 4] = [|z| z.sinh(), |z| 50.0 + 4.0 * z, |z| 1e3 * (1.5 * z + 0.5).sinh(), f64::exp];
        for (index, map) in maps.into_iter().enumerate() {
            let cells: Vec<f64> = z.iter().map(|&z| map(z)).collect();
            let found = distance(&Curve::normal(&cells), &cells, &z);
            assert!(found < 0.15, "{index}: {found}");
            // A line in place of the curve.
            let line = Cells::new(&cells, &[]).line();
            assert!(index == 1 || distance(&line, &cells, &z) > 1.0, "{index}");
        }
    }

    /// The slope is that of the value, and pulls towards other numbers than 0 are followed.
    #[test]
    fn curves_have_their_slopes_and_follow_pulls() {
        let z = normal(1001);
        let cells: Vec<f64> = z.iter().map(|z| (0.5 * z + 1.0).sinh()).collect();
        let curve = Curve::normal(&cells);
        for x in [-30.0_f64, 0.0, 0.7, 1e4] {
            let step = 1e-5 * f64::max(1.0, x.abs());
            let slope = (curve.value(x + step) - curve.value(x - step)) / (2.0 * step);
            assert!((slope.ln() - curve.log_slope(x)).abs() < 1e-6, "{x}");
        }
        let pulls: Vec<Pull> = z.iter().map(|z| Pull { precision: 100.0, linear: 100.0 * (3.0 * z + 7.0) }).collect();
        let found = curve.pulled(&cells, &pulls);
        assert!(cells.iter().zip(&z).all(|(&x, z)| (found.value(x) - 3.0 * z - 7.0).abs() < 0.1), "{found:?}");
    }
}
