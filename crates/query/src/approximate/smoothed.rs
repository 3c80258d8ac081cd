//! Importance weights, the largest of them smoothed.

use super::pareto::Pareto;

/// Estimates of a Pareto shape from here on are not reliable (Vehtari et al. 2024, section 3).
pub const RELIABLE: f64 = 0.7;

/// Weights that sum to 1, with what they say of themselves.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Smoothed {
    pub(super) weights: Vec<f64>,
    /// The logarithm of the mean of the weights before they were made to sum to 1.
    pub(super) log_mean: f64,
    /// `1/Σ w²`.
    pub(super) effective: f64,
    /// `k̂`; `−∞` where the largest weights do not differ, `∞` where all are 0.
    pub(super) shape: f64,
}

/// Differences of log-weights below this are rounding.
const EQUAL: f64 = 1e-10;

impl Smoothed {
    /// Pareto smoothed importance sampling (Vehtari, Simpson, Gelman, Yao & Gabry 2024, algorithm
    /// 1): the `min(S/5, 3√S)` largest of `S` weights are replaced by the quantiles of a
    /// generalized Pareto distribution fitted to them, and cut at the largest. The weights are
    /// given by their logarithms.
    pub(super) fn of(log_weights: &[f64]) -> Self {
        let count = log_weights.len();
        let largest = log_weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if !largest.is_finite() {
            let (weights, log_mean) = (vec![0.0; count], f64::NEG_INFINITY);
            return Self { weights, log_mean, effective: 0.0, shape: f64::INFINITY };
        }
        let mut weights: Vec<f64> = log_weights.iter().map(|weight| (weight - largest).exp()).collect();
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by(|&a, &b| weights[a].total_cmp(&weights[b]).then(a.cmp(&b)));
        let tail = ((count as f64 / 5.0).min(3.0 * (count as f64).sqrt()).ceil() as usize).min(count.saturating_sub(1));
        let (below, above) = order.split_at(count - tail);
        let cutoff = below.last().map_or(0.0, |&at| weights[at]);
        let shape = match 1.0 - cutoff < EQUAL {
            true => f64::NEG_INFINITY,
            false => {
                let excess: Vec<f64> = above.iter().map(|&at| weights[at] - cutoff).collect();
                let fitted = Pareto::fit(&excess);
                if let Some(fitted) = fitted {
                    for (rank, &at) in above.iter().enumerate() {
                        let p = (rank as f64 + 0.5) / tail as f64;
                        weights[at] = (cutoff + fitted.quantile(p)).min(1.0);
                    }
                }
                // Too few numbers that differ: nothing is known of the tail.
                fitted.map_or(f64::INFINITY, |fitted| fitted.shape)
            }
        };
        let total: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|weight| *weight /= total);
        let effective = 1.0 / weights.iter().map(|weight| weight * weight).sum::<f64>();
        Self { weights, log_mean: largest + (total / count as f64).ln(), effective, shape }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `w = u^(−k)` has the shape `k`, and the mean `1/(1 − k)` for `k < 1`.
    fn powers(shape: f64, count: usize) -> Vec<f64> {
        (0..count).map(|i| -shape * (1.0 - (i as f64 + 0.5) / count as f64).ln()).collect()
    }

    #[test]
    fn heavy_tails_are_told_from_light_ones() {
        for shape in [0.2, 0.5, 0.65, 0.8, 0.95] {
            let found = Smoothed::of(&powers(shape, 10_000));
            assert!((found.shape - shape).abs() < 0.05, "{} is not {shape}", found.shape);
            assert_eq!(found.shape < RELIABLE, shape < RELIABLE);
            assert!((found.weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
        let found = Smoothed::of(&powers(0.3, 10_000));
        assert!((found.log_mean.exp() - 1.0 / 0.7).abs() < 0.01, "{}", found.log_mean.exp());
        // A constant of the density moves the mean alone.
        let moved: Vec<f64> = powers(0.3, 10_000).iter().map(|weight| weight + 700.0).collect();
        let moved = Smoothed::of(&moved);
        assert!((moved.log_mean - found.log_mean - 700.0).abs() < 1e-9 && (moved.shape - found.shape).abs() < 1e-6);
        // Without smoothing, one weight that the others hardly know of would count for its full size.
        let mut one = vec![0.0; 999];
        one.push(12.0);
        assert!(Smoothed::of(&one).shape >= RELIABLE);
    }

    #[test]
    fn equal_weights_and_none() {
        let equal = Smoothed::of(&[3.0; 100]);
        assert_eq!((equal.shape, equal.log_mean), (f64::NEG_INFINITY, 3.0));
        assert!((equal.effective - 100.0).abs() < 1e-9);
        let none = Smoothed::of(&[f64::NEG_INFINITY; 100]);
        assert_eq!((none.shape, none.effective, none.log_mean), (f64::INFINITY, 0.0, f64::NEG_INFINITY));
    }
}
