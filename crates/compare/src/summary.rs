//! An arm over its seeds.

use crate::results::{ArmSummary, RunResult};
use crate::statistics::mean_and_error;

pub(crate) fn summarize(arm: &str, runs: &[RunResult]) -> ArmSummary {
    let runs: Vec<_> = runs.iter().filter(|run| run.arm == arm).collect();
    let mean = |value: &dyn Fn(&RunResult) -> f64| {
        mean_and_error(&runs.iter().map(|run| value(run)).collect::<Vec<_>>())
    };
    let (test, seed_error) = mean(&|run| run.test.unwrap_or(f64::NAN));
    ArmSummary {
        arm: arm.to_owned(),
        rate: runs.first().map_or(f64::NAN, |run| run.rate),
        parameters: runs.first().map_or(0, |run| run.parameters),
        layers: runs.first().map_or(0, |run| run.layers),
        steps: mean(&|run| run.trained.steps as f64).0,
        steps_per_second: mean(&|run| run.trained.steps as f64 / run.trained.seconds).0,
        validation: mean(&|run| run.trained.best.validation).0,
        test,
        seed_error: seed_error.is_finite().then_some(seed_error),
        test_error: runs.first().and_then(|run| run.test_error).unwrap_or(f64::NAN),
        bits_per_dim: mean(&|run| run.bits_per_dim.unwrap_or(f64::NAN)).0,
        halvings: runs.iter().map(|run| run.trained.halvings).sum(),
        rollbacks: runs.iter().map(|run| run.trained.rollbacks.len()).sum(),
        diverged: runs.iter().filter(|run| run.trained.diverged()).count(),
    }
}
