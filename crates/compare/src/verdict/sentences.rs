//! The verdict in sentences.

use super::contrast::Contrast;
use super::finding::Finding;
use crate::plan::PAIRS_NEEDED;
use crate::records::ArmSummary;

impl Contrast {
    /// The contrast in one sentence.
    pub fn sentence(&self) -> String {
        let Self { arm, against, difference, half_width, pairs, smallest_effect, .. } = self;
        let figure = self.figure();
        match self.finding {
            Finding::Better => format!("{arm} is better than {against} ({figure})."),
            Finding::Worse => format!("{arm} is worse than {against} ({figure})."),
            Finding::NoDifferenceShown if difference.abs() > *half_width => format!(
                "{arm} and {against} differ by less than the smallest effect of interest, \
                 {smallest_effect} nats ({figure})."
            ),
            Finding::NoDifferenceShown if difference.abs() + half_width <= *smallest_effect => format!(
                "{arm} and {against} are alike to within the smallest effect of interest, \
                 {smallest_effect} nats, at this budget ({figure})."
            ),
            Finding::NoDifferenceShown => {
                format!("No difference shown between {arm} and {against} at this budget ({figure}).")
            }
            Finding::Undecided if *pairs >= PAIRS_NEEDED && half_width.is_nan() => format!(
                "No conclusion about {arm} against {against}: the test rows come from fewer than two \
                 images, so their spread is unknown."
            ),
            Finding::Undecided => {
                let so_far = if difference.is_finite() { format!(" (so far {figure})") } else { String::new() };
                format!(
                    "No conclusion about {arm} against {against}: {pairs} paired seeds are complete; all \
                     seeds of the plan, and at least {PAIRS_NEEDED}, are required{so_far}."
                )
            }
        }
    }

    /// The difference, its interval and its caveats.
    fn figure(&self) -> String {
        let Self { difference, half_width, confidence, pairs, .. } = self;
        let digits = decimals(*half_width);
        let mut figure = format!(
            "{difference:+.digits$} nats, {:.1}% interval ±{half_width:.digits$} over {pairs} paired seeds",
            100.0 * confidence
        );
        if self.p_adjusted.is_finite() && self.pairs >= PAIRS_NEEDED {
            figure += &format!("; sign-flip p = {:.4}, corrected", self.p_adjusted);
        }
        match self.diverged {
            0 => {}
            1 => figure += "; 1 run diverged and counts with its last good weights",
            runs => figure += &format!("; {runs} runs diverged and count with their last good weights"),
        }
        match self.interrupted {
            0 => {}
            1 => figure += "; 1 run was interrupted and counts as it was",
            runs => figure += &format!("; {runs} runs were interrupted and count as they were"),
        }
        figure
    }
}

/// Decimals that show two significant digits of a half-width: 2 to 6.
pub(crate) fn decimals(half_width: f64) -> usize {
    if half_width > 0.0 { (1.0 - half_width.log10().floor()).clamp(2.0, 6.0) as usize } else { 2 }
}

/// One sentence per contrast, starting with the founding question. For a single arm, its test
/// log-likelihood.
pub fn verdict(contrasts: &[Contrast], arms: &[ArmSummary]) -> Vec<String> {
    if contrasts.is_empty() {
        return arms.iter().map(|arm| format!("{}: {:.2} nats on the test rows.", arm.arm, arm.test)).collect();
    }
    contrasts.iter().map(Contrast::sentence).collect()
}

#[cfg(test)]
mod tests {
    use super::super::judge::tests::{BOUNDS, PAIR, judged, ten};
    use super::super::judge::{Bounds, Differences};
    use super::*;
    use crate::statistics::Uncertainty;

    #[test]
    fn a_difference_below_the_smallest_effect_is_not_called_better() {
        let judged = |mean, smallest_effect| judged(&ten(mean), 0.0, Bounds { smallest_effect, ..BOUNDS });
        let small = judged(0.5, 0.6);
        assert_eq!(small.finding, Finding::NoDifferenceShown);
        assert!(small.sentence().contains("differ by less than the smallest effect of interest, 0.6 nats"));
        assert_eq!(judged(0.5, 0.4).finding, Finding::Better);
        assert!(judged(0.1, 0.4).sentence().contains("are alike to within the smallest effect"));
        assert!(judged(0.1, 0.2).sentence().contains("No difference shown"));
    }

    #[test]
    fn sentences_report_divergence_interruption_and_missing_pairs() {
        let differences = Differences { values: ten(5.0), seeds: 10, diverged: 2, interrupted: 1 };
        let contrast = PAIR.judge(&differences, Uncertainty { error: 0.1, freedom: 99.0 }, BOUNDS);
        assert!(contrast.sentence().contains("2 runs diverged"), "{}", contrast.sentence());
        assert!(contrast.sentence().contains("1 run was interrupted"), "{}", contrast.sentence());
        // Nine of ten pairs are too few; the sentence still states the figure.
        let nine = judged(&ten(5.0)[1..], 0.0, BOUNDS).sentence();
        assert!(nine.starts_with("No conclusion") && nine.contains("so far +5.0"), "{nine}");
    }
}
