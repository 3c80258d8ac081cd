//! The generalized Pareto distribution of the largest of some numbers.

/// `F(x) = 1 − (1 + k x/σ)^(−1/k)` for `x ≥ 0`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pareto {
    /// `k`: moments of order `1/k` and above do not exist.
    pub(super) shape: f64,
    /// `σ`.
    pub(super) scale: f64,
}

/// Rows that a shape of ½ counts as (Vehtari et al. 2024, appendix).
const PRIOR: f64 = 10.0;

impl Pareto {
    /// Fitted to positive numbers in ascending order: the mean of the posterior of Zhang & Stephens
    /// (2009), over a grid of `θ = −k/σ`, with a weak prior on the shape. None for fewer than five
    /// numbers, or where they do not differ.
    pub(super) fn fit(sorted: &[f64]) -> Option<Self> {
        let count = sorted.len();
        let (quartile, largest) = (*sorted.get((count / 4).max(1) - 1)?, *sorted.last()?);
        if count < 5 || !(quartile > 0.0 && largest.is_finite() && largest > quartile) {
            return None;
        }
        let n = count as f64;
        let grid = 30 + count.isqrt();
        let theta = |j: usize| 1.0 / largest + (1.0 - (grid as f64 / (j as f64 + 0.5)).sqrt()) / (3.0 * quartile);
        let shape = |theta: f64| sorted.iter().map(|x| (-theta * x).ln_1p()).sum::<f64>() / n;
        let profile = |theta: f64| {
            let k = shape(theta);
            n * ((-theta / k).ln() - k - 1.0)
        };
        let profiles: Vec<(f64, f64)> = (0..grid).map(theta).map(|theta| (theta, profile(theta))).collect();
        let top = profiles.iter().map(|(_, value)| *value).filter(|value| value.is_finite()).fold(f64::MIN, f64::max);
        let (mut total, mut mean) = (0.0, 0.0);
        for (theta, value) in profiles.into_iter().filter(|(_, value)| value.is_finite()) {
            let weight = (value - top).exp();
            total += weight;
            mean += weight * theta;
        }
        let theta = mean / total;
        let own = shape(theta);
        let fitted = Self { shape: (own * n + 0.5 * PRIOR) / (n + PRIOR), scale: -own / theta };
        (fitted.shape.is_finite() && fitted.scale > 0.0 && fitted.scale.is_finite()).then_some(fitted)
    }

    /// The number that is exceeded with probability `1 − p`.
    pub(super) fn quantile(&self, p: f64) -> f64 {
        let tail = (-p).ln_1p();
        match self.shape.abs() < 1e-12 {
            true => -self.scale * tail,
            false => self.scale * (-self.shape * tail).exp_m1() / self.shape,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Quantiles of a distribution of known shape, in place of draws.
    fn numbers(truth: Pareto, count: usize) -> Vec<f64> {
        (0..count).map(|i| truth.quantile((i as f64 + 0.5) / count as f64)).collect()
    }

    #[test]
    fn the_shape_and_the_scale_are_found() {
        for (shape, scale) in [(-0.4, 2.0), (0.1, 1.0), (0.5, 0.01), (0.9, 30.0)] {
            let truth = Pareto { shape, scale };
            let found = Pareto::fit(&numbers(truth, 4000)).unwrap();
            assert!((found.shape - shape).abs() < 0.03, "{found:?} is not {truth:?}");
            assert!((found.scale / scale - 1.0).abs() < 0.06, "{found:?} is not {truth:?}");
            // Hill's estimator, which takes the numbers for a power law from their least on, is the wrong one here.
            let sorted = numbers(truth, 4000);
            let hill = sorted.iter().map(|x| (x / sorted[0]).ln()).sum::<f64>() / 4000.0;
            assert!((hill - shape).abs() > 0.2, "{hill}");
        }
    }

    #[test]
    fn what_has_no_tail_is_not_fitted() {
        assert_eq!(Pareto::fit(&[]), None);
        assert_eq!(Pareto::fit(&[1.0, 2.0, 3.0]), None);
        assert_eq!(Pareto::fit(&[0.0; 40]), None);
        assert_eq!(Pareto::fit(&[1.0; 40]), None);
    }
}
