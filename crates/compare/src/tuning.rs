//! The same tuning for every arm: the learning rate, by validation, on seeds apart from the final ones.

use std::collections::VecDeque;

use pdmap_core::Real;
use pdmap_data::Splits;
use pdmap_train::{Outcome, TrainConfig};

use crate::results::TuningResult;
use crate::runs::{Event, run};
use crate::{Arm, CompareError, Plan};

/// Seeds of tuning runs start here, far from those of the final runs.
const TUNING_SEED: u64 = 1_000_000;

/// Further rates that are tried beyond the grid while the best one lies on its edge.
pub(crate) const EXTENSIONS: usize = 2;

/// Tries every rate of the plan with one arm, and more beyond the edge where the best lies on one: an arm must not lose because its rate was
/// not on the list. The best by validation, or the arm's own rate where there is nothing to choose from.
pub(crate) fn tune<F: Real>(
    arm: &Arm,
    data: &Splits<F>,
    plan: &Plan,
    watch: &mut dyn FnMut(Event<'_>),
) -> Result<(f64, Vec<TuningResult>), CompareError> {
    let mut tried: Vec<TuningResult> = Vec::new();
    let mut rates: VecDeque<f64> = plan.rates_to_try(arm).iter().copied().collect();
    while let Some(rate) = rates.pop_front() {
        let config = TrainConfig { rate, budget: plan.tuning_budget(), evaluations: 10, ..plan.config(arm) };
        let mut watch = |progress| watch(Event::Tuning { arm: &arm.name, rate, progress });
        let (_, trained) = run(arm, data, plan, &config, TUNING_SEED, &mut watch)?;
        let diverged = matches!(trained.outcome, Outcome::Diverged { .. });
        let validation = (!diverged).then_some(trained.best.validation);
        tried.push(TuningResult { arm: arm.name.clone(), rate, validation });
        if rates.is_empty() && tried.len() < plan.rates.len() + EXTENSIONS {
            rates.extend(beyond(&tried));
        }
    }
    // Where every rate diverged, the lowest has the best chance.
    let lowest = plan.rates_to_try(arm).iter().copied().min_by(f64::total_cmp);
    let rate = best(&tried).map(|best| best.rate).or(lowest).unwrap_or(plan.config(arm).rate);
    Ok((rate, tried))
}

/// The best by validation; the first of equals.
fn best(tried: &[TuningResult]) -> Option<&TuningResult> {
    let finite = tried.iter().filter(|t| t.validation.is_some());
    finite.reduce(|best, next| if next.validation > best.validation { next } else { best })
}

/// The rate beyond the edge on which the best lies, at about the distance of its neighbour, with one digit; none where the best is inside.
fn beyond(tried: &[TuningResult]) -> Option<f64> {
    let best = best(tried)?.rate;
    let mut rates: Vec<f64> = tried.iter().map(|t| t.rate).collect();
    rates.sort_unstable_by(f64::total_cmp);
    let next = match rates[..] {
        [first, second, ..] if best == first => first * first / second,
        [.., before, last] if best == last => last * last / before,
        _ => return None,
    };
    format!("{next:.0e}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(values: &[(f64, Option<f64>)]) -> Vec<TuningResult> {
        let result = |&(rate, validation)| TuningResult { arm: "dense-svd".into(), rate, validation };
        values.iter().map(result).collect()
    }

    #[test]
    fn the_grid_is_left_only_where_the_best_lies_on_its_edge() {
        let next = |values: &[_]| beyond(&tried(values));
        assert_eq!(next(&[(1.0, Some(-3.0)), (2.0, Some(-1.0)), (4.0, Some(-2.0))]), None);
        assert_eq!(next(&[(1.0, Some(-3.0)), (2.0, Some(-2.0)), (4.0, Some(-1.0))]), Some(8.0));
        assert_eq!(next(&[(1.0, Some(-1.0)), (2.0, Some(-2.0)), (4.0, None)]), Some(0.5));
        assert_eq!(next(&[(1.0, None), (2.0, None)]), None);
        // A plan with one rate has chosen it.
        assert_eq!(next(&[(1.0, Some(-1.0))]), None);
    }
}
