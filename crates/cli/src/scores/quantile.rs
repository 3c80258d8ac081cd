//! Quantiles of scores.

use crate::terminal::exit::BadInput;

/// Scores in ascending order, each as often as its weight says.
#[derive(Debug)]
pub(crate) struct Sorted {
    values: Vec<f64>,
    /// Where each ends, if all are laid end to end in the length of their weights.
    ends: Option<Vec<f64>>,
}

impl Sorted {
    pub(crate) fn new(mut values: Vec<f64>, weights: Option<&[f64]>) -> Self {
        let Some(weights) = weights else {
            values.sort_unstable_by(f64::total_cmp);
            return Self { values, ends: None };
        };
        let mut pairs: Vec<(f64, f64)> =
            values.into_iter().zip(weights.iter().copied()).filter(|pair| pair.1 > 0.0).collect();
        pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let mut sum = 0.0;
        let mut end = |&(_, weight): &(f64, f64)| {
            sum += weight;
            sum
        };
        let ends = pairs.iter().map(&mut end).collect();
        Self { values: pairs.into_iter().map(|pair| pair.0).collect(), ends: Some(ends) }
    }

    /// The quantile `q` of at least one value; with weights, of the repeated values.
    pub(crate) fn quantile(&self, q: f64) -> f64 {
        let Some(ends) = &self.ends else { return quantile(&self.values, q) };
        let at = |place: f64| self.values[ends.partition_point(|&end| end <= place).min(ends.len() - 1)];
        let h = (ends.last().copied().unwrap_or(0.0) - 1.0).max(0.0) * q;
        between(at(h.floor()), at(h.floor() + 1.0), h - h.floor())
    }
}

/// The quantile `q` of at least one ascending value: linear interpolation of the points `(i, x_i)`
/// at `(n − 1) q`. This is definition 7 of Hyndman & Fan (1996), NumPy's `linear`, with NumPy's
/// rounding.
pub(crate) fn quantile(sorted: &[f64], q: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let h = last as f64 * q;
    let below = (h.floor() as usize).min(last);
    between(sorted[below], sorted[(below + 1).min(last)], h - h.floor())
}

/// `a + t (b − a)`.
fn between(a: f64, b: f64, t: f64) -> f64 {
    if a == f64::NEG_INFINITY {
        // Of rows outside the domain. Arithmetic would give NaN.
        return a;
    }
    // Interpolating from the nearer end is exact at both ends.
    if t < 0.5 { a + (b - a) * t } else { b - (b - a) * (1.0 - t) }
}

/// Checks that the value of `flag` is in [0, 1].
pub(crate) fn check(flag: &str, q: f64) -> Result<(), BadInput> {
    if (0.0..=1.0).contains(&q) {
        return Ok(());
    }
    Err(BadInput(format!("{flag} {q}: a quantile is between 0 and 1")))
}

#[cfg(test)]
#[allow(clippy::float_cmp)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_match_values_computed_by_hand() {
        let sorted = [1.0, 2.0, 4.0, 8.0];
        // h = 3q: 0.25 is at 0.75 between 1 and 2, 0.5 in the middle of 2 and 4, 0.9 at 0.7 between
        // 4 and 8.
        for (q, expected) in [(0.0, 1.0), (0.25, 1.75), (1.0 / 3.0, 2.0), (0.5, 3.0), (0.9, 6.8), (1.0, 8.0)] {
            assert!((quantile(&sorted, q) - expected).abs() < 1e-15 * 8.0, "{q}: {}", quantile(&sorted, q));
        }
        // Other definitions differ: 6 gives 1.25 at 0.25, `lower` gives 1, `nearest` 2.
        assert_eq!(quantile(&sorted, 0.25), 1.75);
        assert_eq!(quantile(&[5.0], 0.3), 5.0);
        assert_eq!(quantile(&[-3.0, -3.0, 7.0], 0.5), -3.0);
        // Weights repeat values.
        let weighted = Sorted::new(vec![8.0, 1.0, 0.0, 2.0], Some(&[1.0, 2.0, 0.0, 3.0]));
        let repeated = Sorted::new(vec![1.0, 1.0, 2.0, 2.0, 2.0, 8.0], None);
        for step in 0..=20 {
            let q = f64::from(step) / 20.0;
            assert_eq!(weighted.quantile(q), repeated.quantile(q), "{q}");
        }
    }

    #[test]
    fn only_numbers_between_0_and_1_are_accepted() {
        assert!(check("--quantile", 0.0).is_ok() && check("--quantile", 1.0).is_ok());
        for q in [-0.1, 1.0001, f64::NAN, f64::INFINITY] {
            assert!(check("--quantile", q).is_err(), "{q}");
        }
    }
}
