//! Validation curves, read between their points.

use pdmap_train::CurvePoint;

/// The horizontal axis of a curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Axis {
    Steps,
    Seconds,
}

impl Axis {
    pub(super) fn of(self, point: &CurvePoint) -> f64 {
        match self {
            Self::Steps => point.step as f64,
            Self::Seconds => point.seconds,
        }
    }
}

/// The best validation up to `at`, interpolating linearly.
pub(super) fn best_until(curve: &[CurvePoint], axis: Axis, at: f64) -> f64 {
    let mut best = f64::NEG_INFINITY;
    for pair in curve.windows(2) {
        let (from, to) = (axis.of(&pair[0]), axis.of(&pair[1]));
        best = best.max(pair[0].validation);
        if to > at {
            let share = if to > from { ((at - from) / (to - from)).clamp(0.0, 1.0) } else { 0.0 };
            return best.max(pair[0].validation + share * (pair[1].validation - pair[0].validation));
        }
    }
    curve.last().map_or(best, |last| best.max(last.validation))
}

/// Where a curve first reaches a level, interpolating linearly; infinite if it never does.
pub(super) fn first(curve: &[CurvePoint], axis: Axis, level: f64) -> f64 {
    let Some(start) = curve.first() else { return f64::INFINITY };
    if start.validation >= level {
        return axis.of(start);
    }
    let crossing = curve.windows(2).find(|pair| pair[1].validation >= level);
    crossing.map_or(f64::INFINITY, |pair| {
        let share = (level - pair[0].validation) / (pair[1].validation - pair[0].validation);
        axis.of(&pair[0]) + share.clamp(0.0, 1.0) * (axis.of(&pair[1]) - axis.of(&pair[0]))
    })
}

/// The upper median.
pub(super) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_are_read_between_their_points() {
        let point = |step, validation| CurvePoint { step, seconds: step as f64 / 2.0, validation };
        let curve = [point(0, -4.0), point(10, -2.0), point(20, -3.0), point(30, -1.0)];
        assert_eq!(best_until(&curve, Axis::Steps, 5.0), -3.0);
        assert_eq!(best_until(&curve, Axis::Steps, 20.0), -2.0);
        assert_eq!(best_until(&curve, Axis::Seconds, 15.0), -1.0);
        assert_eq!(first(&curve, Axis::Steps, -2.5), 7.5);
        assert_eq!(first(&curve, Axis::Seconds, -1.5), 13.75);
        assert!(first(&curve, Axis::Steps, 0.0).is_infinite());
        assert_eq!(median(vec![3.0, f64::INFINITY, 1.0]), Some(3.0));
    }
}
