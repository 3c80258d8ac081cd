//! The default range of an axis, robust to a few outliers.

/// The largest magnitude that is plotted; beyond it a span could overflow.
const LARGEST: f64 = 1e300;

/// Whether `value` can be placed on an axis: finite, at most 10³⁰⁰ in magnitude, and positive if
/// the axis is logarithmic.
pub(crate) fn placeable(value: f64, log: bool) -> bool {
    value.abs() <= LARGEST && (!log || value > 0.0)
}

/// Quantile `q` of sorted values, linearly interpolated; NaN if empty.
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let at = q * last as f64;
    let below = (at.floor() as usize).min(last);
    let above = (below + 1).min(last);
    sorted[below] + (sorted[above] - sorted[below]) * (at - below as f64)
}

/// The range of `values` to show: their span, cut to `[Q₁ − 3·(Q₃ − Q₁), Q₃ + 3·(Q₃ − Q₁)]` with
/// the quartiles `Q₁`, `Q₃`. If fewer than a quarter of the values on one side are outliers, they
/// cannot move these fences far. For `Q₁ = Q₃` there is no scale, and the full span is returned.
/// `None` without values.
pub(crate) fn robust(mut values: Vec<f64>) -> Option<(f64, f64)> {
    values.sort_by(f64::total_cmp);
    let (min, max) = (*values.first()?, *values.last()?);
    let (q1, q3) = (quantile(&values, 0.25), quantile(&values, 0.75));
    let spread = q3 - q1;
    if spread > 0.0 { Some((min.max(q1 - 3.0 * spread), max.min(q3 + 3.0 * spread))) } else { Some((min, max)) }
}

/// The quantiles `tail` and `1 − tail` of the placeable `values`; `None` without any.
pub(crate) fn quantiles<'a>(values: impl Iterator<Item = &'a f64>, tail: f64) -> Option<(f64, f64)> {
    let mut values: Vec<f64> = values.copied().filter(|&value| placeable(value, false)).collect();
    values.sort_by(f64::total_cmp);
    (!values.is_empty()).then(|| (quantile(&values, tail), quantile(&values, 1.0 - tail)))
}

/// Extends `(low, high)` to each of `extras`, unless this would increase the span above `factor`
/// times the original: distant values must not compress the rest.
pub(crate) fn include((mut low, mut high): (f64, f64), extras: &[f64], factor: f64) -> (f64, f64) {
    let span = high - low;
    for &extra in extras {
        let (l, h) = (low.min(extra), high.max(extra));
        if span == 0.0 || h - l <= factor * span {
            (low, high) = (l, h);
        }
    }
    (low, high)
}

/// Adds a margin of `fraction` of the span at both ends. A single value gets a span of a tenth of
/// its magnitude (at least 1).
pub(crate) fn pad((low, high): (f64, f64), fraction: f64) -> (f64, f64) {
    let span = high - low;
    if span > 0.0 && low + span * 1e-9 > low {
        (low - span * fraction, high + span * fraction)
    } else {
        let half = (low.abs() * 0.05).max(0.5);
        (low - half, high + half)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn one_outlier_does_not_set_the_range() {
        let mut values: Vec<f64> = (0..40).map(f64::from).collect();
        values.push(-1e9);
        let (low, high) = robust(values).unwrap();
        assert!(low > -100.0, "{low}");
        assert_eq!(high, 39.0);
    }

    #[test]
    fn a_plain_sample_is_shown_in_full() {
        assert_eq!(robust(vec![3.0, 1.0, 2.0]), Some((1.0, 3.0)));
        assert_eq!(robust(vec![2.0; 5]), Some((2.0, 2.0)));
        assert_eq!(robust(vec![]), None);
    }

    #[test]
    fn near_extras_are_included_and_far_ones_are_not() {
        assert_eq!(include((0.0, 1.0), &[1.5, -50.0], 2.0), (0.0, 1.5));
    }

    #[test]
    fn a_single_value_gets_a_span() {
        let (low, high) = pad((7.0, 7.0), 0.04);
        assert!(low < 7.0 && high > 7.0);
        let (low, high) = pad((1e18, 1e18), 0.04);
        assert!(low < 1e18 && high > 1e18);
    }

    #[test]
    fn finite_positive_and_moderate_values_can_be_placed() {
        assert!(placeable(-1.0, false));
        assert!(!placeable(-1.0, true));
        assert!(!placeable(0.0, true));
        assert!(!placeable(f64::NAN, false));
        assert!(!placeable(f64::INFINITY, true));
    }
}
