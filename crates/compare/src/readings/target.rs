//! Time to target.

use serde::{Deserialize, Serialize};

use super::curve::{Axis, first, median};
use crate::records::RunResult;

/// How long an arm takes to reach a level of the validation log-likelihood.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// The level, nats.
    pub level: f64,
    /// Name of the arm.
    pub arm: String,
    /// Runs that reached it.
    pub reached: usize,
    /// Median number of steps over all runs; none if most runs did not reach it.
    pub steps: Option<f64>,
    /// Median wall-clock seconds, validations included.
    pub seconds: Option<f64>,
}

/// Levels, as fractions of the way from the start to the best validation of the weakest arm.
const LEVELS: [f64; 6] = [0.5, 0.75, 0.9, 0.95, 0.99, 1.0];

/// Computes the time to target of every arm.
pub(crate) fn targets(runs: &[RunResult], arms: &[&str]) -> Vec<Target> {
    let of = |arm: &str| -> Vec<&RunResult> { runs.iter().filter(|run| run.arm == arm).collect() };
    let starts: Vec<f64> =
        runs.iter().filter_map(|run| run.trained.curve.first()).map(|point| point.validation).collect();
    let bests = arms.iter().filter_map(|arm| median(of(arm).iter().map(|run| run.trained.best.validation).collect()));
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
            let times = |axis| of(arm).iter().map(|run| first(&run.trained.curve, axis, level)).collect::<Vec<f64>>();
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
