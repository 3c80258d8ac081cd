//! The same tuning for every arm: the learning rate, by successive halving on validation rows, on seeds apart from the final ones.
//!
//! Three rungs (Karnin et al. 2013; Jamieson & Talwalkar 2016): all rates with a quarter of the tuning budget, the better half of them with half
//! of it, the best quarter with all of it. Two more rates on the first rung go to wherever the best ones lie, beyond an edge or between
//! neighbours, so that no arm loses because its rate was not on the list; every arm gets the same number of runs of the same length.

use pdmap_core::Real;
use pdmap_train::TrainConfig;

use crate::results::TuningResult;
use crate::runs::{Bench, Role, Run};
use crate::{Arm, CompareError, Event, Plan};

/// Seeds of tuning runs start here, far from those of the final runs.
const TUNING_SEED: u64 = 1_000_000;

/// Rates that each arm tries beside those of the list.
pub(crate) const EXTRA: usize = 2;

/// Shares of the tuning budget on each rung, and of the rates that get there.
pub(crate) const RUNGS: [(f64, f64); 3] = [(0.25, 1.0), (0.5, 0.5), (1.0, 0.25)];

/// Rates on a rung, of `all` on the first.
pub(crate) fn on_rung(rung: usize, all: usize) -> usize {
    let (_, share) = RUNGS[rung];
    ((all as f64 * share).ceil() as usize).max(1)
}

/// The rate of each arm, in their order, and every run that was made to find it. Arms that are not `fit` are passed over.
pub(crate) fn tune<F: Real>(
    bench: &Bench<'_, F>,
    fit: &dyn Fn(&Arm) -> bool,
    watch: &mut (dyn FnMut(Event<'_>) + Send),
) -> Result<(Vec<f64>, Vec<TuningResult>), CompareError> {
    let plan = bench.plan;
    let mut tried: Vec<TuningResult> = Vec::new();
    let arms: Vec<&Arm> = plan.arms.iter().filter(|arm| plan.tunes(arm) && fit(arm)).collect();
    let mut rates: Vec<(&Arm, f64)> =
        arms.iter().flat_map(|arm| plan.rates.iter().map(|&rate| (*arm, rate))).collect();
    try_rates(bench, 0, &rates, &mut tried, watch)?;
    for _ in 0..EXTRA {
        let extra: Vec<_> =
            arms.iter().filter_map(|arm| Some((*arm, elsewhere(&of(&tried, arm, 0))?))).collect();
        try_rates(bench, 0, &extra, &mut tried, watch)?;
    }
    for rung in 1..RUNGS.len() {
        rates.clear();
        for arm in &arms {
            let mut before = of(&tried, arm, rung - 1);
            before.sort_by(|a, b| value(b).total_cmp(&value(a)));
            before.truncate(on_rung(rung, of(&tried, arm, 0).len()));
            rates.extend(before.iter().filter(|t| t.validation.is_some()).map(|t| (*arm, t.rate)));
        }
        try_rates(bench, rung, &rates, &mut tried, watch)?;
    }
    let rate = |arm: &Arm| {
        let chosen = (0..RUNGS.len()).rev().find_map(|rung| best(&of(&tried, arm, rung)));
        // Where every rate diverged, the lowest has the best chance.
        let lowest = tried.iter().filter(|t| t.arm == arm.name).map(|t| t.rate).min_by(f64::total_cmp);
        chosen.map(|t| t.rate).or(lowest).unwrap_or_else(|| plan.untuned_rate(arm))
    };
    let rates = plan.arms.iter().map(rate).collect();
    Ok((rates, tried))
}

/// Runs of one rung; the mean over the tuning seeds is what a rate is judged by.
fn try_rates<F: Real>(
    bench: &Bench<'_, F>,
    rung: usize,
    rates: &[(&Arm, f64)],
    tried: &mut Vec<TuningResult>,
    watch: &mut (dyn FnMut(Event<'_>) + Send),
) -> Result<(), CompareError> {
    let plan = bench.plan;
    let share = plan.tuning_share * RUNGS[rung].0;
    let runs = rates.iter().flat_map(|&(arm, rate)| {
        (0..plan.tuning_seeds).map(move |seed| {
            let seed = TUNING_SEED + seed;
            let budget = plan.share_of_budget(share);
            let config = TrainConfig { rate, seed, budget, evaluations: 10, ..plan.config(arm) };
            Run { arm, config, role: Role::Tuning }
        })
    });
    let runs: Vec<Run<'_>> = runs.collect();
    let ran = bench.tuning_runs(&runs, watch)?;
    for (&(arm, rate), values) in rates.iter().zip(ran.chunks(plan.tuning_seeds.max(1) as usize)) {
        let finite: Option<Vec<f64>> = values.iter().copied().collect();
        let mean = finite.map(|values| values.iter().sum::<f64>() / values.len().max(1) as f64);
        tried.push(TuningResult { arm: arm.name.clone(), rate, rung, share, validation: mean });
    }
    Ok(())
}

/// What was tried with an arm on a rung.
fn of(tried: &[TuningResult], arm: &Arm, rung: usize) -> Vec<TuningResult> {
    tried.iter().filter(|t| t.arm == arm.name && t.rung == rung).cloned().collect()
}

fn value(tried: &TuningResult) -> f64 {
    tried.validation.unwrap_or(f64::NEG_INFINITY)
}

/// The best by validation; the first of equals.
fn best(tried: &[TuningResult]) -> Option<TuningResult> {
    let finite = tried.iter().filter(|t| t.validation.is_some());
    finite.reduce(|best, next| if next.validation > best.validation { next } else { best }).cloned()
}

/// A further rate: beyond the edge on which the best lies, at about the distance of its neighbour; inside, in the wider gap between the best and its
/// neighbours, or between it and the better one where both are alike; below all of them where every one diverged.
fn elsewhere(tried: &[TuningResult]) -> Option<f64> {
    let mut sorted = tried.to_vec();
    sorted.sort_by(|a, b| a.rate.total_cmp(&b.rate));
    let rates: Vec<f64> = sorted.iter().map(|t| t.rate).collect();
    let Some(best) = best(&sorted) else { return round(rates.first()? / 10.0) };
    let at = rates.iter().position(|&rate| rate == best.rate)?;
    match (at.checked_sub(1), rates.get(at + 1)) {
        // A plan with one rate has chosen it.
        (None, None) => None,
        (None, Some(second)) => round(best.rate * best.rate / second),
        (Some(before), None) => round(best.rate * best.rate / rates[before]),
        (Some(before), Some(_)) => {
            let (below, above) = (best.rate / rates[before], rates[at + 1] / best.rate);
            let better = if value(&sorted[before]) > value(&sorted[at + 1]) { before } else { at + 1 };
            let next = match below / above {
                ratio if ratio > ALIKE => before,
                ratio if ratio * ALIKE < 1.0 => at + 1,
                _ => better,
            };
            round((best.rate * rates[next]).sqrt())
        }
    }
}

/// Gaps between rates that differ by less than this factor are alike.
const ALIKE: f64 = 1.2;

/// With two digits.
fn round(rate: f64) -> Option<f64> {
    format!("{rate:.1e}").parse().ok()
}

impl Plan {
    /// Whether the rate of an arm is looked for: its own is not fixed, and there is more than one to choose from.
    pub(crate) fn tunes(&self, arm: &Arm) -> bool {
        arm.rate.is_none() && self.rates.len() > 1
    }

    /// The rate of an arm that is not tuned.
    pub(crate) fn untuned_rate(&self, arm: &Arm) -> f64 {
        match (arm.rate, &self.rates[..]) {
            (None, [only]) => *only,
            _ => self.config(arm).rate,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(values: &[(f64, Option<f64>)]) -> Vec<TuningResult> {
        let result = |&(rate, validation)| TuningResult {
            arm: "dense-svd".into(),
            rate,
            rung: 0,
            share: 0.1,
            validation,
        };
        values.iter().map(result).collect()
    }

    #[test]
    fn further_rates_lie_beyond_the_edge_or_between_the_best() {
        let next = |values: &[_]| elsewhere(&tried(values));
        assert_eq!(next(&[(1.0, Some(-3.0)), (2.0, Some(-2.0)), (4.0, Some(-1.0))]), Some(8.0));
        assert_eq!(next(&[(1.0, Some(-1.0)), (2.0, Some(-2.0)), (4.0, None)]), Some(0.5));
        // Between the best and its better neighbour, in whatever order they were tried.
        assert_eq!(next(&[(4.0, Some(-2.0)), (1.0, Some(-3.0)), (2.0, Some(-1.0))]), Some(2.8));
        assert_eq!(next(&[(1.0, Some(-3.0)), (2.0, Some(-1.0)), (4.0, None)]), Some(1.4));
        // Once one side was looked at, the other has the wider gap.
        assert_eq!(
            next(&[(1.0, Some(-3.0)), (1.4, Some(-2.0)), (2.0, Some(-1.0)), (4.0, Some(-4.0))]),
            Some(2.8)
        );
        assert_eq!(next(&[(1.0, None), (2.0, None)]), Some(0.1));
        assert_eq!(next(&[(1.0, Some(-1.0))]), None);
    }

    #[test]
    fn rungs_halve() {
        assert_eq!([0, 1, 2].map(|rung| on_rung(rung, 7)), [7, 4, 2]);
        assert_eq!([0, 1, 2].map(|rung| on_rung(rung, 4)), [4, 2, 1]);
        assert_eq!([0, 1, 2].map(|rung| on_rung(rung, 1)), [1, 1, 1]);
    }
}
