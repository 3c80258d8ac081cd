//! The difference between two arms at equal steps or equal time.

use serde::{Deserialize, Serialize};

use super::curve::{Axis, best_until};
use crate::records::RunResult;
use crate::statistics::t_interval;

/// The paired difference of two arms' validation curves at one point.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// The largest number of steps or seconds that every run of both arms reaches.
    pub at: f64,
    /// Mean difference in validation log-likelihood over paired seeds, nats.
    #[serde(with = "crate::nullable")]
    pub difference: f64,
    /// Half-width of the t interval, nats.
    #[serde(with = "crate::nullable")]
    pub half_width: f64,
}

/// Reads both arms at the largest value that all their runs reach.
pub(crate) fn reading(runs: &[RunResult], arm: &str, against: &str, axis: Axis, confidence: f64) -> Option<Reading> {
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
