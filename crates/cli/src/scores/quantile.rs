//! Quantiles of scores.

use crate::terminal::exit::BadInput;

/// The quantile `q` of at least one ascending value: linear interpolation of the points `(i, x_i)`
/// at `(n − 1) q`. This is definition 7 of Hyndman & Fan (1996), NumPy's `linear`, with NumPy's
/// rounding.
pub(crate) fn quantile(sorted: &[f64], q: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let h = last as f64 * q;
    let below = (h.floor() as usize).min(last);
    let (a, b, t) = (sorted[below], sorted[(below + 1).min(last)], h - h.floor());
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
    }

    #[test]
    fn only_numbers_between_0_and_1_are_accepted() {
        assert!(check("--quantile", 0.0).is_ok() && check("--quantile", 1.0).is_ok());
        for q in [-0.1, 1.0001, f64::NAN, f64::INFINITY] {
            assert!(check("--quantile", q).is_err(), "{q}");
        }
    }
}
