//! Which arms may be called best.

use super::contrast::Contrast;
use super::finding::Finding;
use super::judge::{Bounds, CONFIDENCE};
use super::pairs::Pair;
use crate::plan::Plan;
use crate::records::{ArmSummary, RunResult};
use crate::statistics::Uncertainty;

/// The arm with the highest mean test log-likelihood, followed by every arm that is not shown to be
/// worse.
///
/// A pair that the verdict covers keeps its finding. Any other pair is judged in the same way, at
/// the confidence level corrected for all pairs of arms. The result is empty for a single arm, and
/// where a comparison with the leading arm is undecided.
pub(crate) fn best(
    plan: &Plan,
    arms: &[ArmSummary],
    runs: &[RunResult],
    contrasts: &[Contrast],
    rows: impl Fn(&str, &str) -> Uncertainty,
) -> Vec<String> {
    let finite: Vec<&ArmSummary> = arms.iter().filter(|arm| arm.test.is_finite()).collect();
    let leader = finite.iter().max_by(|a, b| a.test.total_cmp(&b.test));
    let (Some(leader), true) = (leader, finite.len() > 1) else { return vec![] };
    let pairs = finite.len() * (finite.len() - 1) / 2;
    let bounds = Bounds { confidence: 1.0 - (1.0 - CONFIDENCE) / pairs as f64, smallest_effect: plan.smallest_effect };
    let mut best = vec![leader.arm.clone()];
    for other in finite.iter().filter(|other| other.arm != leader.arm) {
        let pair = Pair { arm: &leader.arm, against: &other.arm };
        let known = contrasts.iter().find_map(|contrast| finding(contrast, pair));
        let judged = || {
            let differences = pair.differences(runs, plan.seeds as usize);
            pair.judge(&differences, rows(pair.arm, pair.against), bounds).finding
        };
        match known.unwrap_or_else(judged) {
            Finding::Better => {}
            Finding::Undecided => return vec![],
            Finding::NoDifferenceShown | Finding::Worse => best.push(other.arm.clone()),
        }
    }
    best
}

/// The finding of a contrast about this pair, in either order.
fn finding(contrast: &Contrast, pair: Pair<'_>) -> Option<Finding> {
    if (contrast.arm.as_str(), contrast.against.as_str()) == (pair.arm, pair.against) {
        return Some(contrast.finding);
    }
    ((contrast.arm.as_str(), contrast.against.as_str()) == (pair.against, pair.arm)).then_some(match contrast.finding {
        Finding::Better => Finding::Worse,
        Finding::Worse => Finding::Better,
        same => same,
    })
}

/// The best arms in one sentence; none where nothing can be concluded.
pub(crate) fn best_sentence(best: &[String]) -> Option<String> {
    match best {
        [] => None,
        [only] => Some(format!("Best: {only}, shown to be better than every other arm.")),
        [leader, alike @ ..] => {
            Some(format!("Best (alike): {leader} has the highest mean; no difference shown from {}.", alike.join(", ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::judge::tests::{BOUNDS, PAIR, judged, ten};
    use super::*;

    #[test]
    fn a_contrast_is_found_in_either_order() {
        let contrast = judged(&ten(1.0), 0.0, BOUNDS);
        assert_eq!(finding(&contrast, PAIR), Some(Finding::Better));
        let reversed = Pair { arm: PAIR.against, against: PAIR.arm };
        assert_eq!(finding(&contrast, reversed), Some(Finding::Worse));
        assert_eq!(finding(&contrast, Pair { arm: "dense-svd", against: "other" }), None);
    }

    #[test]
    fn the_sentence_names_every_arm_that_is_alike() {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        assert_eq!(best_sentence(&[]), None);
        let one = best_sentence(&names(&["a"])).unwrap_or_default();
        assert!(one.starts_with("Best: a,"), "{one}");
        let three = best_sentence(&names(&["a", "b", "c"])).unwrap_or_default();
        assert!(three.starts_with("Best (alike): a ") && three.contains("from b, c."), "{three}");
    }
}
