//! Tunes the learning rate of each arm by successive halving on validation rows, on separate seeds.
//!
//! There are three rungs (Karnin et al. 2013; Jamieson & Talwalkar 2016): all rates with a quarter
//! of the tuning budget, the better half with half of it, the best quarter with all of it. The
//! first rung adds two rates near the best ones, beyond the edge of the list or between neighbours,
//! so that no arm loses because its rate was not listed. Every arm gets the same number of runs of
//! the same length.

use pdmap_core::Real;
use pdmap_train::TrainConfig;

use super::bench::{Bench, Role, Run};
use super::event::Event;
use crate::arm::Arm;
use crate::error::CompareError;
use crate::plan::tuning::{EXTRA, RUNGS, on_rung};
use crate::records::TuningResult;

/// First seed of tuning runs, far from the seeds of final runs.
const TUNING_SEED: u64 = 1_000_000;

/// Returns the learning rate of each arm in order, and all tuning runs. Skips arms that are not
/// `fit`.
pub(crate) fn tune<F: Real>(
    bench: &Bench<'_, F>,
    fit: &dyn Fn(&Arm) -> bool,
    watch: &mut (dyn FnMut(Event<'_>) + Send),
) -> Result<(Vec<f64>, Vec<TuningResult>), CompareError> {
    let plan = bench.plan;
    let mut tried: Vec<TuningResult> = Vec::new();
    let arms: Vec<&Arm> = plan.arms.iter().filter(|arm| plan.tunes(arm) && fit(arm)).collect();
    let mut rates: Vec<(&Arm, f64)> = arms.iter().flat_map(|arm| plan.rates.iter().map(|&rate| (*arm, rate))).collect();
    try_rates(bench, 0, &rates, &mut tried, watch)?;
    for _ in 0..EXTRA {
        let extra: Vec<_> = arms.iter().filter_map(|arm| Some((*arm, further_rate(&of(&tried, arm, 0))?))).collect();
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
        // If every rate diverged, the lowest is the safest.
        let lowest = tried.iter().filter(|t| t.arm == arm.name).map(|t| t.rate).min_by(f64::total_cmp);
        chosen.map(|t| t.rate).or(lowest).unwrap_or_else(|| plan.untuned_rate(arm))
    };
    let rates = plan.arms.iter().map(rate).collect();
    Ok((rates, tried))
}

/// Executes the runs of one rung. A rate is judged by its mean over the tuning seeds.
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

/// The results of an arm on a rung.
fn of(tried: &[TuningResult], arm: &Arm, rung: usize) -> Vec<TuningResult> {
    tried.iter().filter(|t| t.arm == arm.name && t.rung == rung).cloned().collect()
}

fn value(tried: &TuningResult) -> f64 {
    tried.validation.unwrap_or(f64::NEG_INFINITY)
}

/// The best by validation; the first of several equal ones.
fn best(tried: &[TuningResult]) -> Option<TuningResult> {
    let finite = tried.iter().filter(|t| t.validation.is_some());
    finite.reduce(|best, next| if next.validation > best.validation { next } else { best }).cloned()
}

/// A further rate to try.
///
/// If the best rate lies at an edge, the new one lies beyond it at the distance of the best rate's
/// neighbour. Otherwise it lies in the wider gap between the best rate and its neighbours; if the
/// gaps are similar, towards the better neighbour. If every rate diverged, it lies below all of
/// them.
fn further_rate(tried: &[TuningResult]) -> Option<f64> {
    let mut sorted = tried.to_vec();
    sorted.sort_by(|a, b| a.rate.total_cmp(&b.rate));
    let rates: Vec<f64> = sorted.iter().map(|t| t.rate).collect();
    let Some(best) = best(&sorted) else { return round(rates.first()? / 10.0) };
    let at = rates.iter().position(|&rate| rate == best.rate)?;
    match (at.checked_sub(1), rates.get(at + 1)) {
        // A single rate is the plan's choice.
        (None, None) => None,
        (None, Some(second)) => round(best.rate * best.rate / second),
        (Some(before), None) => round(best.rate * best.rate / rates[before]),
        (Some(before), Some(_)) => {
            let (below, above) = (best.rate / rates[before], rates[at + 1] / best.rate);
            let better = if value(&sorted[before]) > value(&sorted[at + 1]) { before } else { at + 1 };
            let next = match below / above {
                ratio if ratio > SIMILAR => before,
                ratio if ratio * SIMILAR < 1.0 => at + 1,
                _ => better,
            };
            round((best.rate * rates[next]).sqrt())
        }
    }
}

/// Gaps between rates count as similar if they differ by less than this factor.
const SIMILAR: f64 = 1.2;

/// Rounds to two significant digits.
fn round(rate: f64) -> Option<f64> {
    format!("{rate:.1e}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(values: &[(f64, Option<f64>)]) -> Vec<TuningResult> {
        let result =
            |&(rate, validation)| TuningResult { arm: "dense-svd".into(), rate, rung: 0, share: 0.1, validation };
        values.iter().map(result).collect()
    }

    #[test]
    fn further_rates_lie_beyond_the_edge_or_next_to_the_best() {
        let next = |values: &[_]| further_rate(&tried(values));
        assert_eq!(next(&[(1.0, Some(-3.0)), (2.0, Some(-2.0)), (4.0, Some(-1.0))]), Some(8.0));
        assert_eq!(next(&[(1.0, Some(-1.0)), (2.0, Some(-2.0)), (4.0, None)]), Some(0.5));
        // Between the best and its better neighbour, regardless of the order of trials.
        assert_eq!(next(&[(4.0, Some(-2.0)), (1.0, Some(-3.0)), (2.0, Some(-1.0))]), Some(2.8));
        assert_eq!(next(&[(1.0, Some(-3.0)), (2.0, Some(-1.0)), (4.0, None)]), Some(1.4));
        // After a trial on one side, the other side has the wider gap.
        assert_eq!(next(&[(1.0, Some(-3.0)), (1.4, Some(-2.0)), (2.0, Some(-1.0)), (4.0, Some(-4.0))]), Some(2.8));
        assert_eq!(next(&[(1.0, None), (2.0, None)]), Some(0.1));
        assert_eq!(next(&[(1.0, Some(-1.0))]), None);
    }
}
