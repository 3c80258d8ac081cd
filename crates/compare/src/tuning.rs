//! The same tuning for every arm: the learning rate, by validation, on seeds apart from the final ones.

use pdmap_core::Real;
use pdmap_data::Splits;
use pdmap_train::{Outcome, Preset, TrainConfig};

use crate::results::TuningResult;
use crate::runs::{Event, run};
use crate::{CompareError, Plan};

/// Seeds of tuning runs start here, far from those of the final runs.
const TUNING_SEED: u64 = 1_000_000;

/// Tries every rate of the plan with one arm. The best by validation, or the plan's own rate where there is nothing to choose from.
pub(crate) fn tune<F: Real>(
    arm: Preset,
    data: &Splits<F>,
    plan: &Plan,
    watch: &mut dyn FnMut(Event),
) -> Result<(f64, Vec<TuningResult>), CompareError> {
    let mut tried = Vec::new();
    for &rate in &plan.rates {
        let config =
            TrainConfig { rate, budget: plan.tuning_budget(), evaluations: 10, ..plan.training.clone() };
        let mut watch = |progress| watch(Event::Tuning { arm, rate, progress });
        let (_, trained) = run(arm, data, plan, &config, TUNING_SEED, &mut watch)?;
        let diverged = matches!(trained.outcome, Outcome::Diverged { .. });
        let validation = (!diverged).then_some(trained.best.validation);
        tried.push(TuningResult { arm, rate, validation });
    }
    let best = tried.iter().filter_map(|t| Some((t.rate, t.validation?)));
    let best = best.fold(None, |best: Option<(f64, f64)>, next| match best {
        Some(best) if best.1 >= next.1 => Some(best),
        _ => Some(next),
    });
    // Where every rate diverged, the lowest has the best chance.
    let lowest = plan.rates.first().copied().unwrap_or(plan.training.rate);
    Ok((best.map_or(lowest, |(rate, _)| rate), tried))
}
