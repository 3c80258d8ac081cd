//! What the figures say, with their uncertainty.

use pdmap_train::Preset;
use serde::{Deserialize, Serialize};

use crate::results::{ArmSummary, Results, RunResult};
use crate::statistics::{mean_and_error, t_quantile};

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
    /// Fewer than two paired seeds, or a run that failed: nothing can be said.
    Undecided,
}

/// One arm against another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contrast {
    /// The arm in question.
    pub arm: Preset,
    /// What it is compared with.
    pub against: Preset,
    /// Mean over paired seeds of the difference in test log-likelihood, `arm − against`, nats.
    #[serde(with = "crate::nullable")]
    pub difference: f64,
    /// Half-width of the interval, nats.
    #[serde(with = "crate::nullable")]
    pub half_width: f64,
    /// Confidence of the interval, already corrected for the number of contrasts.
    pub confidence: f64,
    /// Paired seeds.
    pub pairs: usize,
    /// What it shows.
    pub finding: Finding,
}

/// The pairs that are looked at, in this order, where both arms took part: the constrained forms against the unconstrained one (the
/// founding note's question), then the other directions of the unconstrained form.
const PAIRS: [(Preset, Preset); 4] = [
    (Preset::DenseOrthonormal, Preset::DenseRelative),
    (Preset::DenseSvd, Preset::DenseRelative),
    (Preset::DenseExact, Preset::DenseRelative),
    (Preset::DenseRelativeAlgebra, Preset::DenseRelative),
];

/// Confidence of all contrasts together.
const CONFIDENCE: f64 = 0.95;

/// The contrasts of results as they stand, seeds only (the uncertainty over test rows needs the rows): to look again at runs that were
/// chosen or changed.
pub fn recontrast(results: &Results) -> Vec<Contrast> {
    contrasts(&results.arms, &results.runs, |_, _| 0.0)
}

/// All contrasts of the arms that took part. The variance of a difference is that of the paired seeds plus that of the test rows (`row_errors`: the
/// standard error over rows of the seed-averaged difference); the confidence is Bonferroni-corrected.
pub(crate) fn contrasts(
    arms: &[ArmSummary],
    runs: &[RunResult],
    row_error: impl Fn(Preset, Preset) -> f64,
) -> Vec<Contrast> {
    let present = |preset| arms.iter().any(|arm| arm.arm == preset);
    let pairs: Vec<_> = PAIRS.into_iter().filter(|&(a, b)| present(a) && present(b)).collect();
    let confidence = 1.0 - (1.0 - CONFIDENCE) / pairs.len().max(1) as f64;
    pairs.iter().map(|&(a, b)| contrast(runs, a, b, confidence, row_error(a, b))).collect()
}

fn contrast(runs: &[RunResult], arm: Preset, against: Preset, confidence: f64, row_error: f64) -> Contrast {
    let find = |preset, seed| runs.iter().find(|run| run.arm == preset && run.seed == seed);
    let ours: Vec<_> = runs.iter().filter(|run| run.arm == arm).collect();
    let differences: Vec<f64> = ours
        .iter()
        .filter_map(|run| Some(run.test? - find(against, run.seed)?.test?))
        .filter(|difference| difference.is_finite())
        .collect();
    let complete = differences.len() == ours.len() && differences.len() >= 2;
    let (difference, seed_error) = mean_and_error(&differences);
    let freedom = differences.len().saturating_sub(1).max(1) as f64;
    let half_width = t_quantile(confidence, freedom) * seed_error.hypot(row_error);
    let finding = match difference {
        _ if !complete || half_width.is_nan() => Finding::Undecided,
        d if d > half_width => Finding::Better,
        d if d < -half_width => Finding::Worse,
        _ => Finding::NoDifferenceShown,
    };
    Contrast { arm, against, difference, half_width, confidence, pairs: differences.len(), finding }
}

impl Contrast {
    /// One sentence.
    pub fn sentence(&self) -> String {
        let Self { arm, against, difference, half_width, confidence, pairs, finding } = self;
        let figure = format!(
            "{difference:+.2} nats, {:.1}% interval ±{half_width:.2} over {pairs} paired seeds",
            100.0 * confidence
        );
        match finding {
            Finding::Better => format!("{arm} is better than {against} ({figure})."),
            Finding::Worse => format!("{arm} is worse than {against} ({figure})."),
            Finding::NoDifferenceShown => {
                format!("No difference shown between {arm} and {against} at this budget ({figure}).")
            }
            Finding::Undecided => format!(
                "Nothing can be said about {arm} against {against}: {pairs} complete pairs of seeds, at least 2 of 2 are needed."
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
