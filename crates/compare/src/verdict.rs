//! What the figures say, with their uncertainty.

use pdmap_train::{Outcome, Preset};
use serde::{Deserialize, Serialize};

use crate::Plan;
use crate::readings::{Axis, Reading, reading};
use crate::results::{ArmSummary, RunResult};
use crate::statistics::{Uncertainty, holm, mean_and_error, sign_flip, t_quantile};

/// What a contrast shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finding {
    /// The interval lies above 0, and the difference is at least the smallest effect of interest.
    Better,
    /// The interval lies below 0, and the difference is at least the smallest effect of interest.
    Worse,
    /// The interval holds 0, or the difference is smaller than the smallest effect of interest.
    NoDifferenceShown,
    /// Fewer than [ten](PAIRS_NEEDED) paired seeds, a run without a finite test figure, or test rows of a single image: nothing can be said. A run that diverged
    /// counts with its last good weights, and is named.
    Undecided,
}

/// One arm against another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contrast {
    /// The arm in question.
    pub arm: String,
    /// What it is compared with.
    pub against: String,
    /// Mean over paired seeds of the difference in test log-likelihood, `arm − against`, nats.
    #[serde(with = "crate::nullable")]
    pub difference: f64,
    /// Half-width of the interval, nats.
    #[serde(with = "crate::nullable")]
    pub half_width: f64,
    /// Confidence of the interval, already corrected for the number of contrasts.
    pub confidence: f64,
    /// Degrees of freedom of the interval (Welch and Satterthwaite).
    #[serde(with = "crate::nullable")]
    pub freedom: f64,
    /// Paired seeds.
    pub pairs: usize,
    /// Smallest effect of interest, nats.
    #[serde(default)]
    pub smallest_effect: f64,
    /// Two-sided p-value of the sign-flip test over the paired seeds, for itself.
    #[serde(with = "crate::nullable", default)]
    pub p_value: f64,
    /// The same, corrected for the number of contrasts (Holm).
    #[serde(with = "crate::nullable", default)]
    pub p_adjusted: f64,
    /// Best validation so far at the most steps that all runs of both arms made.
    #[serde(default)]
    pub equal_steps: Option<Reading>,
    /// Best validation so far at the longest time that all runs of both arms took.
    #[serde(default)]
    pub equal_time: Option<Reading>,
    /// Runs of the two arms that diverged and count with their last good weights.
    pub diverged: usize,
    /// Runs of the two arms that were interrupted and count as they stood.
    pub interrupted: usize,
    /// What it shows.
    pub finding: Finding,
}

/// Paired seeds without which nothing is said.
pub const PAIRS_NEEDED: usize = 10;

/// The pairs that are looked at, in this order, where both arms took part: the constrained forms against the unconstrained one that moves in
/// the same coordinates, the algebra (the founding note's question, with nothing else changed), against the unconstrained one in parameter
/// space (the paper's), then the unconstrained forms among themselves, and the forms of the convolutions.
const PAIRS: [(Preset, Preset); 11] = [
    (Preset::DENSE_ORTHONORMAL, Preset::DENSE_RELATIVE_ALGEBRA),
    (Preset::DENSE_SVD, Preset::DENSE_RELATIVE_ALGEBRA),
    (Preset::DENSE_ORTHONORMAL, Preset::DENSE_RELATIVE),
    (Preset::DENSE_SVD, Preset::DENSE_RELATIVE),
    (Preset::DENSE_RELATIVE_ALGEBRA, Preset::DENSE_RELATIVE),
    (Preset::DENSE_EXACT, Preset::DENSE_RELATIVE),
    (Preset::CONV_ORTHONORMAL, Preset::CONV_UNCONSTRAINED),
    (Preset::CONV_FREE_EXACT, Preset::CONV_UNCONSTRAINED),
    (Preset::GAUSSIANIZATION_ORTHONORMAL, Preset::GAUSSIANIZATION_UNCONSTRAINED),
    (Preset::GAUSSIANIZATION_SVD, Preset::GAUSSIANIZATION_UNCONSTRAINED),
    (Preset::IMAGE_PYRAMID_ORTHONORMAL, Preset::IMAGE_PYRAMID_UNCONSTRAINED),
];

/// Confidence of all contrasts together.
const CONFIDENCE: f64 = 0.95;

/// What a difference has to be beyond.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    confidence: f64,
    smallest_effect: f64,
}

/// The contrasts of the arms that took part: those that the plan asks for; the usual ones where it asks for none; where none of those
/// did, each arm against the first. `rows` gives the uncertainty over test rows of the seed-averaged difference. The confidence is
/// Bonferroni-corrected.
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

/// Which arms are compared with which.
fn pairs<'a>(wanted: &'a [[String; 2]], names: &[&'a str]) -> Vec<Pair<'a>> {
    let taking_part = |&Pair { arm, against }: &Pair<'_>| names.contains(&arm) && names.contains(&against);
    let wanted: Vec<_> =
        wanted.iter().map(|[arm, against]| Pair { arm, against }).filter(taking_part).collect();
    if !wanted.is_empty() {
        return wanted;
    }
    let usual = PAIRS.into_iter().map(|(arm, against)| Pair { arm: arm.name(), against: against.name() });
    let usual: Vec<_> = usual.filter(taking_part).collect();
    match names {
        [first, others @ ..] if usual.is_empty() => {
            others.iter().map(|arm| Pair { arm, against: first }).collect()
        }
        _ => usual,
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Pair<'a> {
    arm: &'a str,
    against: &'a str,
}

/// Differences over the seeds that both arms completed.
#[derive(Debug)]
struct Differences {
    values: Vec<f64>,
    seeds: usize,
    diverged: usize,
    interrupted: usize,
}

impl Pair<'_> {
    fn differences(self, runs: &[RunResult], seeds: usize) -> Differences {
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

    /// The difference's variance is that over the paired seeds plus that over the test rows.
    fn judge(self, differences: &Differences, rows: Uncertainty, bounds: Bounds) -> Contrast {
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

impl Contrast {
    /// One sentence.
    pub fn sentence(&self) -> String {
        let Self { arm, against, difference, half_width, confidence, pairs, finding, .. } = self;
        let digits = decimals(*half_width);
        let mut figure = format!(
            "{difference:+.digits$} nats, {:.1}% interval ±{half_width:.digits$} over {pairs} paired seeds",
            100.0 * confidence
        );
        if self.p_adjusted.is_finite() && self.pairs >= PAIRS_NEEDED {
            figure += &format!("; sign-flip p = {:.4}, corrected", self.p_adjusted);
        }
        if self.diverged > 0 {
            figure += &format!("; {} runs diverged and count with their last good weights", self.diverged);
        }
        if self.interrupted > 0 {
            figure += &format!("; {} runs were interrupted and count as they stood", self.interrupted);
        }
        match finding {
            Finding::Better => format!("{arm} is better than {against} ({figure})."),
            Finding::Worse => format!("{arm} is worse than {against} ({figure})."),
            Finding::NoDifferenceShown if difference.abs() > *half_width => format!(
                "{arm} and {against} differ by less than the smallest effect of interest, {} nats ({figure}).",
                self.smallest_effect
            ),
            Finding::NoDifferenceShown if difference.abs() + half_width <= self.smallest_effect => format!(
                "{arm} and {against} are alike to within the smallest effect of interest, {} nats, at this budget ({figure}).",
                self.smallest_effect
            ),
            Finding::NoDifferenceShown => {
                format!("No difference shown between {arm} and {against} at this budget ({figure}).")
            }
            Finding::Undecided if self.pairs >= PAIRS_NEEDED && self.half_width.is_nan() => format!(
                "Nothing can be said about {arm} against {against}: the test rows come from fewer than two images, so their spread is not known."
            ),
            Finding::Undecided => format!(
                "Nothing can be said about {arm} against {against}: {pairs} pairs of seeds are complete, and all of them, {PAIRS_NEEDED} or more, are needed{}.",
                if difference.is_finite() { format!(" (so far {figure})") } else { String::new() }
            ),
        }
    }
}

/// Decimals that show two digits of a half-width, from 2 to 6.
pub(crate) fn decimals(half_width: f64) -> usize {
    if half_width > 0.0 { (1.0 - half_width.log10().floor()).clamp(2.0, 6.0) as usize } else { 2 }
}

/// The sentences, the founding question first; for a single arm, its figure.
pub fn verdict(contrasts: &[Contrast], arms: &[ArmSummary]) -> Vec<String> {
    if contrasts.is_empty() {
        return arms
            .iter()
            .map(|arm| format!("{}: {:.2} nats on the test rows.", arm.arm, arm.test))
            .collect();
    }
    contrasts.iter().map(Contrast::sentence).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAIR: Pair<'_> = Pair { arm: "dense-svd", against: "dense-exact" };

    #[test]
    fn what_is_compared_with_what() {
        let compared = |wanted: &[[&str; 2]], names: &[&str]| {
            let wanted: Vec<_> = wanted.iter().map(|pair| pair.map(str::to_owned)).collect();
            let pairs = pairs(&wanted, names);
            pairs.iter().map(|pair| format!("{} {}", pair.arm, pair.against)).collect::<Vec<_>>()
        };
        let names = ["dense-relative", "mine", "dense-svd"];
        assert_eq!(compared(&[], &names), ["dense-svd dense-relative"]);
        assert_eq!(compared(&[["mine", "dense-svd"]], &names), ["mine dense-svd"]);
        // Who does not take part is not compared.
        assert_eq!(compared(&[["yours", "dense-svd"]], &names), ["dense-svd dense-relative"]);
        assert_eq!(compared(&[], &["a", "b", "c"]), ["b a", "c a"]);
        assert_eq!(compared(&[], &["a"]), [""; 0]);
        assert_eq!(compared(&[], &Preset::all().map(Preset::name).collect::<Vec<_>>()).len(), PAIRS.len());
    }

    const BOUNDS: Bounds = Bounds { confidence: 0.95, smallest_effect: 0.0 };

    /// Ten differences of the mean `mean` and the standard error 0.1.
    fn ten(mean: f64) -> Vec<f64> {
        (0..10).map(|seed| if seed % 2 == 0 { mean - 0.3 } else { mean + 0.3 }).collect()
    }

    fn judged(values: &[f64], row_error: f64, bounds: Bounds) -> Contrast {
        let differences = Differences { values: values.to_vec(), seeds: 10, diverged: 0, interrupted: 0 };
        PAIR.judge(&differences, Uncertainty { error: row_error, freedom: 99.0 }, bounds)
    }

    #[test]
    fn a_difference_is_judged_by_seeds_and_rows() {
        // t for 95% on 9 degrees of freedom is 2.26216.
        let sure = judged(&ten(1.0), 0.0, BOUNDS);
        assert!((sure.half_width - 0.226_216).abs() < 1e-5, "{}", sure.half_width);
        assert_eq!((sure.finding, sure.freedom), (Finding::Better, 9.0));
        assert_eq!(judged(&ten(-1.0), 0.0, BOUNDS).finding, Finding::Worse);
        // The rows' part alone hides it: 0.6 · t(≈ 104) ≈ 1.2.
        let blurred = judged(&ten(1.0), 0.6, BOUNDS);
        assert_eq!(blurred.finding, Finding::NoDifferenceShown);
        assert!((1.1..1.4).contains(&blurred.half_width), "{}", blurred.half_width);
        // And so does the correction for very many contrasts: t for 1 − 1e-8 on 9 degrees of freedom is about 19.
        let corrected = judged(&ten(1.0), 0.0, Bounds { confidence: 1.0 - 1e-8, ..BOUNDS });
        assert_eq!(corrected.finding, Finding::NoDifferenceShown);
        // Equal arms are equal.
        assert_eq!(judged(&ten(0.0), 0.0, BOUNDS).finding, Finding::NoDifferenceShown);
    }

    #[test]
    fn a_difference_that_does_not_matter_is_none() {
        let judged = |mean, smallest_effect| judged(&ten(mean), 0.0, Bounds { smallest_effect, ..BOUNDS });
        let small = judged(0.5, 0.6);
        assert_eq!(small.finding, Finding::NoDifferenceShown);
        assert!(small.sentence().contains("differ by less than the smallest effect of interest, 0.6 nats"));
        assert_eq!(judged(0.5, 0.4).finding, Finding::Better);
        assert!(judged(0.1, 0.4).sentence().contains("are alike to within the smallest effect"));
        assert!(judged(0.1, 0.2).sentence().contains("No difference shown"));
    }

    #[test]
    fn incomplete_pairs_decide_nothing_and_divergence_is_said() {
        assert_eq!(judged(&ten(5.0)[1..], 0.0, BOUNDS).finding, Finding::Undecided);
        assert_eq!(judged(&ten(5.0), f64::NAN, BOUNDS).finding, Finding::Undecided);
        let differences = Differences { values: ten(5.0), seeds: 10, diverged: 2, interrupted: 1 };
        let contrast = PAIR.judge(&differences, Uncertainty { error: 0.1, freedom: 99.0 }, BOUNDS);
        assert!(contrast.sentence().contains("2 runs diverged"), "{}", contrast.sentence());
        assert!(contrast.sentence().contains("1 runs were interrupted"), "{}", contrast.sentence());
        // Nine of ten pairs are too few, and their figure is told all the same.
        let nine = judged(&ten(5.0)[1..], 0.0, BOUNDS).sentence();
        assert!(nine.starts_with("Nothing can be said") && nine.contains("so far +5.0"), "{nine}");
    }
}
