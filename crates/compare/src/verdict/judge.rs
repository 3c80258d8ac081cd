//! Judges differences between arms.

use pdmap_train::Outcome;

use super::contrast::Contrast;
use super::finding::Finding;
use super::pairs::{Pair, pairs};
use crate::plan::PAIRS_NEEDED;
use crate::plan::Plan;
use crate::readings::{Axis, reading};
use crate::records::{ArmSummary, RunResult};
use crate::statistics::{Uncertainty, holm, mean_and_error, sign_flip, t_quantile};

/// Joint confidence level of all contrasts.
pub(super) const CONFIDENCE: f64 = 0.95;

/// Thresholds that a difference must exceed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) confidence: f64,
    pub(super) smallest_effect: f64,
}

/// The contrasts between the arms that took part. `rows` returns the uncertainty over test rows of
/// the seed-averaged difference. The confidence level is Bonferroni-corrected.
pub(crate) fn contrasts(
    plan: &Plan,
    arms: &[ArmSummary],
    runs: &[RunResult],
    rows: impl Fn(&str, &str) -> Uncertainty,
) -> Vec<Contrast> {
    let names: Vec<&str> = arms.iter().map(|arm| arm.arm.as_str()).collect();
    let pairs = pairs(&plan.contrasts, &names);
    let confidence = 1.0 - (1.0 - CONFIDENCE) / pairs.len().max(1) as f64;
    let judge = |pair: Pair<'_>| {
        let judged = pair.judge(
            &pair.differences(runs, plan.seeds as usize),
            rows(pair.arm, pair.against),
            Bounds { confidence, smallest_effect: plan.smallest_effect },
        );
        let read = |axis| reading(runs, pair.arm, pair.against, axis, confidence);
        Contrast { equal_steps: read(Axis::Steps), equal_time: read(Axis::Seconds), ..judged }
    };
    let mut judged: Vec<Contrast> = pairs.into_iter().map(judge).collect();
    let adjusted = holm(&judged.iter().map(|contrast| contrast.p_value).collect::<Vec<_>>());
    judged.iter_mut().zip(adjusted).for_each(|(contrast, p)| contrast.p_adjusted = p);
    judged
}

/// Paired differences over the seeds that both arms completed.
#[derive(Debug)]
pub(super) struct Differences {
    pub(super) values: Vec<f64>,
    pub(super) seeds: usize,
    pub(super) diverged: usize,
    pub(super) interrupted: usize,
}

impl Pair<'_> {
    pub(super) fn differences(self, runs: &[RunResult], seeds: usize) -> Differences {
        let find = |seed| runs.iter().find(|run| run.arm == self.against && run.seed == seed);
        let ours: Vec<_> = runs.iter().filter(|run| run.arm == self.arm).collect();
        let values = ours.iter().filter_map(|run| Some(run.test? - find(run.seed)?.test?));
        let outcomes = runs.iter().filter(|run| run.arm == self.arm || run.arm == self.against);
        let outcomes = outcomes.map(|run| &run.trained.outcome);
        Differences {
            values: values.filter(|difference| difference.is_finite()).collect(),
            seeds,
            diverged: outcomes.clone().filter(|outcome| matches!(outcome, Outcome::Diverged { .. })).count(),
            interrupted: outcomes
                .filter(|outcome| matches!(outcome, Outcome::Interrupted { .. } | Outcome::Failed { .. }))
                .count(),
        }
    }

    /// Judges the mean difference. Its variance is the variance over paired seeds plus that over
    /// test rows.
    pub(super) fn judge(self, differences: &Differences, rows: Uncertainty, bounds: Bounds) -> Contrast {
        let Bounds { confidence, smallest_effect } = bounds;
        let Differences { values, seeds, diverged, interrupted } = differences;
        let (difference, seed_error) = mean_and_error(values);
        let seed = Uncertainty { error: seed_error, freedom: values.len().saturating_sub(1) as f64 };
        let Uncertainty { error, freedom } = seed.plus(rows);
        let half_width = t_quantile(confidence, freedom) * error;
        let complete = values.len() == *seeds && values.len() >= PAIRS_NEEDED;
        let finding = match difference {
            _ if !complete || half_width.is_nan() => Finding::Undecided,
            d if d > half_width && d >= smallest_effect => Finding::Better,
            d if d < -half_width && d <= -smallest_effect => Finding::Worse,
            _ => Finding::NoDifferenceShown,
        };
        Contrast {
            arm: self.arm.to_owned(),
            against: self.against.to_owned(),
            difference,
            half_width,
            confidence,
            freedom,
            pairs: values.len(),
            smallest_effect,
            p_value: sign_flip(values),
            p_adjusted: f64::NAN,
            equal_steps: None,
            equal_time: None,
            diverged: *diverged,
            interrupted: *interrupted,
            finding,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) const PAIR: Pair<'_> = Pair { arm: "dense-svd", against: "dense-exact" };
    pub(crate) const BOUNDS: Bounds = Bounds { confidence: 0.95, smallest_effect: 0.0 };

    /// Ten differences with mean `mean` and standard error 0.1.
    pub(crate) fn ten(mean: f64) -> Vec<f64> {
        (0..10).map(|seed| if seed % 2 == 0 { mean - 0.3 } else { mean + 0.3 }).collect()
    }

    pub(crate) fn judged(values: &[f64], row_error: f64, bounds: Bounds) -> Contrast {
        let differences = Differences { values: values.to_vec(), seeds: 10, diverged: 0, interrupted: 0 };
        PAIR.judge(&differences, Uncertainty { error: row_error, freedom: 99.0 }, bounds)
    }

    #[test]
    fn seeds_and_test_rows_both_widen_the_interval() {
        // t for 95% on 9 degrees of freedom is 2.26216.
        let sure = judged(&ten(1.0), 0.0, BOUNDS);
        assert!((sure.half_width - 0.226_216).abs() < 1e-5, "{}", sure.half_width);
        assert_eq!((sure.finding, sure.freedom), (Finding::Better, 9.0));
        assert_eq!(judged(&ten(-1.0), 0.0, BOUNDS).finding, Finding::Worse);
        // The row error alone hides the difference: 0.6 · t(≈ 104) ≈ 1.2.
        let blurred = judged(&ten(1.0), 0.6, BOUNDS);
        assert_eq!(blurred.finding, Finding::NoDifferenceShown);
        assert!((1.1..1.4).contains(&blurred.half_width), "{}", blurred.half_width);
        // So does the correction for many contrasts: t for 1 − 1e-8 on 9 degrees of freedom ≈ 19.
        let corrected = judged(&ten(1.0), 0.0, Bounds { confidence: 1.0 - 1e-8, ..BOUNDS });
        assert_eq!(corrected.finding, Finding::NoDifferenceShown);
        assert_eq!(judged(&ten(0.0), 0.0, BOUNDS).finding, Finding::NoDifferenceShown);
    }

    #[test]
    fn incomplete_pairs_are_undecided() {
        assert_eq!(judged(&ten(5.0)[1..], 0.0, BOUNDS).finding, Finding::Undecided);
        assert_eq!(judged(&ten(5.0), f64::NAN, BOUNDS).finding, Finding::Undecided);
    }
}
