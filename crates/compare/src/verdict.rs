//! What the figures say, with their uncertainty.

use pdmap_train::{Outcome, Preset};
use serde::{Deserialize, Serialize};

use crate::results::{ArmSummary, RunResult};
use crate::statistics::{Uncertainty, mean_and_error, t_quantile};

/// What a contrast shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finding {
    /// The interval lies above 0.
    Better,
    /// The interval lies below 0.
    Worse,
    /// The interval holds 0.
    NoDifferenceShown,
    /// Fewer than two paired seeds, a run without a finite test figure, or test rows of a single image: nothing can be said. A run that diverged
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
    /// Runs of the two arms that diverged and count with their last good weights.
    pub diverged: usize,
    /// Runs of the two arms that were interrupted and count as they stood.
    pub interrupted: usize,
    /// What it shows.
    pub finding: Finding,
}

/// The pairs that are looked at, in this order, where both arms took part: the constrained forms against the unconstrained one that moves in
/// the same coordinates, the algebra (the founding note's question, with nothing else changed), against the unconstrained one in parameter
/// space (the paper's), then the unconstrained forms among themselves, and the forms of the convolutions.
const PAIRS: [(Preset, Preset); 11] = [
    (Preset::DenseOrthonormal, Preset::DenseRelativeAlgebra),
    (Preset::DenseSvd, Preset::DenseRelativeAlgebra),
    (Preset::DenseOrthonormal, Preset::DenseRelative),
    (Preset::DenseSvd, Preset::DenseRelative),
    (Preset::DenseRelativeAlgebra, Preset::DenseRelative),
    (Preset::DenseExact, Preset::DenseRelative),
    (Preset::ConvOrthonormal, Preset::ConvUnconstrained),
    (Preset::ConvFreeExact, Preset::ConvUnconstrained),
    (Preset::GaussianizationOrthonormal, Preset::GaussianizationUnconstrained),
    (Preset::GaussianizationSvd, Preset::GaussianizationUnconstrained),
    (Preset::ImagePyramidOrthonormal, Preset::ImagePyramidUnconstrained),
];

/// Confidence of all contrasts together.
const CONFIDENCE: f64 = 0.95;

/// The contrasts of the arms that took part: those that the plan asks for, `wanted`; the usual ones where it asks for none; where none of those
/// did, each arm against the first. `rows` gives the uncertainty over test rows of the seed-averaged difference. The confidence is
/// Bonferroni-corrected.
pub(crate) fn contrasts(
    wanted: &[[String; 2]],
    arms: &[ArmSummary],
    runs: &[RunResult],
    rows: impl Fn(&str, &str) -> Uncertainty,
) -> Vec<Contrast> {
    let names: Vec<&str> = arms.iter().map(|arm| arm.arm.as_str()).collect();
    let pairs = pairs(wanted, &names);
    let confidence = 1.0 - (1.0 - CONFIDENCE) / pairs.len().max(1) as f64;
    let judge =
        |pair: Pair<'_>| pair.judge(&pair.differences(runs), rows(pair.arm, pair.against), confidence);
    pairs.into_iter().map(judge).collect()
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
    fn differences(self, runs: &[RunResult]) -> Differences {
        let find = |seed| runs.iter().find(|run| run.arm == self.against && run.seed == seed);
        let ours: Vec<_> = runs.iter().filter(|run| run.arm == self.arm).collect();
        let values = ours.iter().filter_map(|run| Some(run.test? - find(run.seed)?.test?));
        let outcomes = runs.iter().filter(|run| run.arm == self.arm || run.arm == self.against);
        let outcomes = outcomes.map(|run| &run.trained.outcome);
        Differences {
            values: values.filter(|difference| difference.is_finite()).collect(),
            seeds: ours.len(),
            diverged: outcomes.clone().filter(|outcome| matches!(outcome, Outcome::Diverged { .. })).count(),
            interrupted: outcomes
                .filter(|outcome| matches!(outcome, Outcome::Interrupted { .. } | Outcome::Failed { .. }))
                .count(),
        }
    }

    /// The difference's variance is that over the paired seeds plus that over the test rows.
    fn judge(self, differences: &Differences, rows: Uncertainty, confidence: f64) -> Contrast {
        let Differences { values, seeds, diverged, interrupted } = differences;
        let (difference, seed_error) = mean_and_error(values);
        let seed = Uncertainty { error: seed_error, freedom: values.len().saturating_sub(1) as f64 };
        let Uncertainty { error, freedom } = seed.plus(rows);
        let half_width = t_quantile(confidence, freedom) * error;
        let complete = values.len() == *seeds && values.len() >= 2;
        let finding = match difference {
            _ if !complete || half_width.is_nan() => Finding::Undecided,
            d if d > half_width => Finding::Better,
            d if d < -half_width => Finding::Worse,
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
        let mut figure = format!(
            "{difference:+.2} nats, {:.1}% interval ±{half_width:.2} over {pairs} paired seeds",
            100.0 * confidence
        );
        if self.diverged > 0 {
            figure += &format!("; {} runs diverged and count with their last good weights", self.diverged);
        }
        if self.interrupted > 0 {
            figure += &format!("; {} runs were interrupted and count as they stood", self.interrupted);
        }
        match finding {
            Finding::Better => format!("{arm} is better than {against} ({figure})."),
            Finding::Worse => format!("{arm} is worse than {against} ({figure})."),
            Finding::NoDifferenceShown => {
                format!("No difference shown between {arm} and {against} at this budget ({figure}).")
            }
            Finding::Undecided if self.pairs >= 2 && self.half_width.is_nan() => format!(
                "Nothing can be said about {arm} against {against}: the test rows come from fewer than two images, so their spread is not known."
            ),
            Finding::Undecided => format!(
                "Nothing can be said about {arm} against {against}: {pairs} pairs of seeds are complete, and all of them, 2 or more, are needed."
            ),
        }
    }
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
        assert_eq!(compared(&[], &Preset::named().map(Preset::name).collect::<Vec<_>>()).len(), PAIRS.len());
    }

    fn judged(values: &[f64], row_error: f64, confidence: f64) -> Contrast {
        let differences = Differences { values: values.to_vec(), seeds: 3, diverged: 0, interrupted: 0 };
        PAIR.judge(&differences, Uncertainty { error: row_error, freedom: 99.0 }, confidence)
    }

    #[test]
    fn a_difference_is_judged_by_seeds_and_rows() {
        // Mean 1, standard error 0.1; t for 95% on 2 degrees of freedom is 4.3027.
        let step = 0.1 * 3.0_f64.sqrt();
        let sure = judged(&[1.0 - step, 1.0, 1.0 + step], 0.0, 0.95);
        assert!((sure.half_width - 0.430_27).abs() < 1e-4, "{}", sure.half_width);
        assert_eq!((sure.finding, sure.freedom), (Finding::Better, 2.0));
        let worse = judged(&[-1.0 - step, -1.0, -1.0 + step], 0.0, 0.95);
        assert_eq!(worse.finding, Finding::Worse);
        // The rows' part alone hides it: 0.6 · t(≈ 101) ≈ 1.2.
        let blurred = judged(&[1.0 - step, 1.0, 1.0 + step], 0.6, 0.95);
        assert_eq!(blurred.finding, Finding::NoDifferenceShown);
        assert!((1.1..1.4).contains(&blurred.half_width), "{}", blurred.half_width);
        // And so does the correction for many contrasts: t for 99.6% on 2 degrees of freedom is about 15.8.
        let corrected = judged(&[1.0 - step, 1.0, 1.0 + step], 0.0, 0.996);
        assert_eq!(corrected.finding, Finding::NoDifferenceShown);
        // Equal arms are equal.
        assert_eq!(judged(&[-0.1, 0.0, 0.1], 0.0, 0.95).finding, Finding::NoDifferenceShown);
    }

    #[test]
    fn incomplete_pairs_decide_nothing_and_divergence_is_said() {
        assert_eq!(judged(&[5.0, 5.1], 0.0, 0.95).finding, Finding::Undecided);
        assert_eq!(judged(&[5.0, 5.1, 5.2], f64::NAN, 0.95).finding, Finding::Undecided);
        let differences = Differences { values: vec![5.0, 5.1, 5.2], seeds: 3, diverged: 2, interrupted: 1 };
        let contrast = PAIR.judge(&differences, Uncertainty { error: 0.1, freedom: 99.0 }, 0.95);
        assert!(contrast.sentence().contains("2 runs diverged"), "{}", contrast.sentence());
        assert!(contrast.sentence().contains("1 runs were interrupted"), "{}", contrast.sentence());
    }
}
