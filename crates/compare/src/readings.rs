//! The same runs read otherwise: at equal steps, at equal time, and by the time that a target takes.

use pdmap_train::CurvePoint;
use serde::{Deserialize, Serialize};

use crate::results::RunResult;
use crate::statistics::t_interval;

/// A paired difference of validation curves at one place.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Steps or seconds, the most that every run of both arms has.
    pub at: f64,
    /// Mean over paired seeds of the difference in validation log-likelihood there, nats.
    #[serde(with = "crate::nullable")]
    pub difference: f64,
    /// Half-width of its t interval, nats.
    #[serde(with = "crate::nullable")]
    pub half_width: f64,
}

/// Where curves are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Axis {
    Steps,
    Seconds,
}

impl Axis {
    fn of(self, point: &CurvePoint) -> f64 {
        match self {
            Self::Steps => point.step as f64,
            Self::Seconds => point.seconds,
        }
    }
}

/// The best validation up to `at`, linear between the points of a curve.
fn best_until(curve: &[CurvePoint], axis: Axis, at: f64) -> f64 {
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

/// Reads both arms at the largest place that all their runs reach.
pub(crate) fn reading(
    runs: &[RunResult],
    arm: &str,
    against: &str,
    axis: Axis,
    confidence: f64,
) -> Option<Reading> {
    let both = runs.iter().filter(|run| run.arm == arm || run.arm == against);
    let ends = both.filter_map(|run| run.trained.curve.last().map(|last| axis.of(last)));
    let at = ends.min_by(f64::total_cmp)?;
    let pairs = runs.iter().filter(|run| run.arm == arm).filter_map(|run| {
        let other = runs.iter().find(|other| other.arm == against && other.seed == run.seed)?;
        Some(best_until(&run.trained.curve, axis, at) - best_until(&other.trained.curve, axis, at))
    });
    let (difference, half_width) = t_interval(&pairs.collect::<Vec<_>>(), confidence);
    Some(Reading { at, difference, half_width })
}

/// How long an arm takes to get somewhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// Validation log-likelihood, nats.
    pub level: f64,
    /// Which arm.
    pub arm: String,
    /// Runs that got there.
    pub reached: usize,
    /// Median over all runs of the steps that it took; none where most did not get there.
    pub steps: Option<f64>,
    /// The same in wall-clock seconds, validations included.
    pub seconds: Option<f64>,
}

/// Targets as shares of the way from the start to the best of the arm that gets least far.
const LEVELS: [f64; 6] = [0.5, 0.75, 0.9, 0.95, 0.99, 1.0];

/// Time to target for every arm.
pub(crate) fn targets(runs: &[RunResult], arms: &[&str]) -> Vec<Target> {
    let of = |arm: &str| -> Vec<&RunResult> { runs.iter().filter(|run| run.arm == arm).collect() };
    let starts: Vec<f64> =
        runs.iter().filter_map(|run| run.trained.curve.first()).map(|point| point.validation).collect();
    let bests =
        arms.iter().filter_map(|arm| median(of(arm).iter().map(|run| run.trained.best.validation).collect()));
    let (Some(start), Some(least)) = (median(starts), bests.min_by(f64::total_cmp)) else { return vec![] };
    if least <= start {
        return vec![];
    }
    let level = |share: f64| start + share * (least - start);
    LEVELS
        .into_iter()
        .map(level)
        .flat_map(|level| arms.iter().map(move |arm| (level, *arm)))
        .map(|(level, arm)| {
            let times =
                |axis| of(arm).iter().map(|run| first(&run.trained.curve, axis, level)).collect::<Vec<f64>>();
            let median = |axis| median(times(axis)).filter(|value| value.is_finite());
            Target {
                level,
                arm: arm.to_owned(),
                reached: times(Axis::Steps).iter().filter(|steps| steps.is_finite()).count(),
                steps: median(Axis::Steps),
                seconds: median(Axis::Seconds),
            }
        })
        .collect()
}

/// Where a curve first reaches a level, linear between its points; infinite where it does not.
fn first(curve: &[CurvePoint], axis: Axis, level: f64) -> f64 {
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
fn median(mut values: Vec<f64>) -> Option<f64> {
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
