//! Means, standard errors and confidence intervals.

use std::collections::BTreeMap;

use statrs::distribution::{ContinuousCDF, StudentsT};

/// Mean and standard error of the mean. The error is NaN for fewer than two values.
pub fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    if values.len() < 2 {
        return (mean, f64::NAN);
    }
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (count - 1.0);
    (mean, (variance / count).sqrt())
}

/// A standard error and its degrees of freedom.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Uncertainty {
    /// Standard error; NaN if there are too few values.
    pub error: f64,
    /// Degrees of freedom.
    pub freedom: f64,
}

impl Uncertainty {
    /// The uncertainty of a sum of two independent parts. Variances add; the degrees of freedom
    /// follow Welch and Satterthwaite (1946): `(s² + r²)² / (s⁴/ν_s + r⁴/ν_r)`.
    pub fn plus(self, other: Self) -> Self {
        let error = self.error.hypot(other.error);
        let share = |part: Self| if part.error == 0.0 { 0.0 } else { part.error.powi(4) / part.freedom };
        let freedom = error.powi(4) / (share(self) + share(other));
        Self { error, freedom: if freedom.is_nan() { self.freedom } else { freedom } }
    }
}

/// Mean and its cluster-robust standard error (Liang & Zeger 1986).
///
/// Values within a group (patches of one image) are not independent. With `G` groups the error is
/// `√(G/(G−1) · Σ_g (Σ_{i∈g} (x_i − x̄))²) / n` on `G − 1` degrees of freedom. Without groups this
/// is the usual standard error. If `groups` and `values` differ in length, the error is NaN.
pub fn grouped_mean(values: &[f64], groups: Option<&[u32]>) -> (f64, Uncertainty) {
    let (mean, error) = mean_and_error(values);
    let freedom = values.len().saturating_sub(1) as f64;
    let Some(groups) = groups else { return (mean, Uncertainty { error, freedom }) };
    if groups.len() != values.len() {
        return (mean, Uncertainty { error: f64::NAN, freedom });
    }
    let mut sums = BTreeMap::new();
    for (&group, value) in groups.iter().zip(values) {
        *sums.entry(group).or_insert(0.0) += value - mean;
    }
    let count = sums.len() as f64;
    let squares: f64 = sums.values().map(|sum| sum * sum).sum();
    let error = (count / (count - 1.0) * squares).sqrt() / values.len() as f64;
    (mean, Uncertainty { error: if count < 2.0 { f64::NAN } else { error }, freedom: count - 1.0 })
}

/// The uncertainty of the mean of values that count as often as their weights say:
/// `√(Σ w (x − x̄)² / (n − 1) / n)` on `n − 1` degrees of freedom, with `n = Σ w`. NaN for fewer than
/// two values.
pub fn weighted_error(values: &[f64], weights: &[f64]) -> Uncertainty {
    let (total, mean) = (weights.iter().sum::<f64>(), pdmap_core::row_weights::mean(values, Some(weights)));
    let counted = values.iter().zip(weights).filter(|(_, weight)| **weight > 0.0);
    let (count, squares) = (counted.clone().count(), counted.map(|(x, weight)| weight * (x - mean).powi(2)));
    let freedom = (total - 1.0).max(0.0);
    let error = if count < 2 || freedom == 0.0 { f64::NAN } else { (squares.sum::<f64>() / freedom / total).sqrt() };
    Uncertainty { error, freedom }
}

/// The two-sided Student t quantile for `confidence` with `freedom` degrees of freedom.
pub fn t_quantile(confidence: f64, freedom: f64) -> f64 {
    StudentsT::new(0.0, 1.0, freedom).map_or(f64::NAN, |t| t.inverse_cdf(0.5 + 0.5 * confidence))
}

/// Confidence interval of a mean: its centre and half-width. NaN for fewer than two values.
pub fn t_interval(values: &[f64], confidence: f64) -> (f64, f64) {
    let (mean, error) = mean_and_error(values);
    (mean, t_quantile(confidence, values.len().saturating_sub(1) as f64) * error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_match_values_computed_by_hand() {
        let (mean, error) = mean_and_error(&[1.0, 2.0, 3.0, 4.0]);
        assert!((mean - 2.5).abs() < 1e-15 && (error - (5.0_f64 / 3.0 / 4.0).sqrt()).abs() < 1e-15);
        assert!(mean_and_error(&[1.0]).1.is_nan());
        // Weights repeat values.
        let weighted = weighted_error(&[1.0, f64::NAN, 4.0], &[2.0, 0.0, 1.0]);
        let (_, error) = mean_and_error(&[1.0, 1.0, 4.0]);
        assert!((weighted.error - error).abs() < 1e-15 && (weighted.freedom - 2.0).abs() < 1e-15);
        assert!(weighted_error(&[1.0], &[7.0]).error.is_nan());
        // Two images of two patches each: deviations −1.5 − 0.5 and 0.5 + 1.5, so √(2/1 · (4 + 4))
        // / 4 = 1.
        let (mean, grouped) = grouped_mean(&[1.0, 2.0, 3.0, 4.0], Some(&[7, 7, 9, 9]));
        assert!((mean - 2.5).abs() < 1e-15 && (grouped.error - 1.0).abs() < 1e-15);
        assert_eq!(grouped.freedom, 1.0);
        // Groups of size one change nothing; a single group has no error estimate.
        let (_, single) = grouped_mean(&[1.0, 2.0, 3.0, 4.0], Some(&[1, 2, 3, 4]));
        let (_, plain) = grouped_mean(&[1.0, 2.0, 3.0, 4.0], None);
        assert!((single.error - plain.error).abs() < 1e-15 && single.freedom == plain.freedom);
        assert!(grouped_mean(&[1.0, 2.0], Some(&[0, 0])).1.error.is_nan());
        assert!(grouped_mean(&[1.0, 2.0], Some(&[0])).1.error.is_nan());
        // (3² + 4²)² / (3⁴/2 + 4⁴/8) = 625 / 72.5.
        let (s, r) = (Uncertainty { error: 3.0, freedom: 2.0 }, Uncertainty { error: 4.0, freedom: 8.0 });
        assert!((s.plus(r).freedom - 625.0 / 72.5).abs() < 1e-12 && (s.plus(r).error - 5.0).abs() < 1e-15);
        let none = Uncertainty { error: 0.0, freedom: 8.0 };
        assert_eq!(s.plus(none), s);
        // Tabulated Student t: 95% with 2 degrees of freedom, 99% with 9.
        assert!((t_quantile(0.95, 2.0) - 4.302_652_7).abs() < 1e-5);
        assert!((t_quantile(0.99, 9.0) - 3.249_835_5).abs() < 1e-5);
    }
}
