//! The sentences of the page.

use pdmap_core::optim::Clip;
use pdmap_train::{Architecture, Outcome, Preprocess};

use crate::arm::Arm;
use crate::plan::Plan;
use crate::records::Failure;
use crate::results::Results;

/// The founding question if all arms are presets, otherwise what is compared.
pub(crate) fn title(results: &Results) -> String {
    if results.plan.arms.iter().all(|arm| arm.as_preset().is_some()) {
        format!("Constrained or unconstrained? {}", results.data.name)
    } else {
        format!("Comparison of {} flows: {}", results.plan.arms.len(), results.data.name)
    }
}

/// How intervals are computed, and which runs did not finish normally.
pub(crate) fn intervals(results: &Results) -> String {
    let (mut diverged, mut interrupted) = (Vec::new(), Vec::new());
    for run in &results.runs {
        match &run.trained.outcome {
            Outcome::Diverged { step, reason } => {
                diverged.push(format!("{} with seed {} diverged at step {step}: {reason}", run.arm, run.seed));
            }
            Outcome::Interrupted { step } | Outcome::Failed { step, .. } => {
                interrupted.push(format!("{} with seed {} at step {step}", run.arm, run.seed));
            }
            _ => {}
        }
    }
    let rows = match results.test_images {
        Some(images) => format!("over test rows (grouped by image: {images} images)"),
        None => "over test rows".to_owned(),
    };
    let failed: Vec<String> = results
        .failures
        .iter()
        .map(|Failure { arm, seed, reason }| match seed {
            Some(seed) => format!("{arm} with seed {seed}: {reason}"),
            None => format!("{arm}: {reason}"),
        })
        .collect();
    let mut prose = format!(
        "Differences are paired by seed. Their intervals include the spread over seeds and {rows}, and are \
         Bonferroni-corrected to a joint confidence level of 95%. No difference shown does not mean equality. A \
         difference holds for this budget, this architecture and these data."
    );
    if !failed.is_empty() {
        prose += &format!(" Failed runs, whose arms have no verdict: {}.", failed.join("; "));
    }
    if !diverged.is_empty() {
        prose += &format!(" Diverged runs, which count with their last good weights: {}.", diverged.join("; "));
    }
    if !interrupted.is_empty() {
        prose += &format!(
            " Runs interrupted before their budget was used, which count as they were: {}.",
            interrupted.join("; ")
        );
    }
    prose
}

/// What the arms are, what they share, and how they differ.
pub(crate) fn arms(plan: &Plan) -> Vec<String> {
    let presets: Vec<_> = plan.arms.iter().map(Arm::as_preset).collect();
    let common = common(&presets.iter().map(|preset| preset.map(|(_, it)| it)).collect::<Vec<_>>());
    let mut prose: Vec<String> = plan.description.iter().cloned().collect();
    for (arm, preset) in plan.arms.iter().zip(&presets) {
        let size = match (preset, common) {
            (Some((preset, it)), None) => {
                let name = if arm.name == preset.name() { "" } else { &format!("{preset}, ") };
                format!(" ({name}depth {}, α = {})", it.depth, it.alpha)
            }
            _ => String::new(),
        };
        prose.push(format!("{}: {}{size}.", arm.name, arm.describe()));
    }
    if let Some(architecture) = common {
        prose.push(format!(
            "All arms have {} linear layers with biases, a smooth leaky ReLU with α = {} between them, a standard normal base, \
             and Haar-random orthonormal initial matrices. At the same depth, the orthonormal arm with scales is a smaller \
             class of maps; O·diag·O is the same class as GL(D).",
            architecture.depth, architecture.alpha
        ));
    }
    prose.extend(plan.arms.iter().filter_map(|arm| own_training(plan, arm)));
    if plan.arms.iter().all(|arm| plan.steps(arm) == [Preprocess::Whiten]) {
        prose.push(
            "A fixed PCA whitening, shared by all arms, is the first layer. It is an unconstrained linear map, so the inverse \
             of an arm's whole map is not its transpose."
                .into(),
        );
    }
    prose
}

/// The depth and nonlinearity that all arms share, if all are presets.
fn common(architectures: &[Option<Architecture>]) -> Option<Architecture> {
    match architectures {
        [Some(first), others @ ..] if others.iter().all(|other| *other == Some(*first)) => Some(*first),
        _ => None,
    }
}

/// Training options of an arm that differ from the plan's, except the rate, which the table states.
fn own_training(plan: &Plan, arm: &Arm) -> Option<String> {
    let own = plan.config(arm);
    let common = &plan.training;
    let mut words = Vec::new();
    let mut differs = |name: &str, own: String, common: String| {
        if own != common {
            words.push(format!("{name} {own} (the plan: {common})"));
        }
    };
    differs("optimizer", own.optimizer.to_string(), common.optimizer.to_string());
    differs("batch", own.batch.to_string(), common.batch.to_string());
    differs("schedule", own.schedule.shape.to_string(), common.schedule.shape.to_string());
    differs("warm-up steps", own.schedule.warmup.to_string(), common.schedule.warmup.to_string());
    differs("clipping", clipping(own.clip), clipping(common.clip));
    differs("validations", own.evaluations.to_string(), common.evaluations.to_string());
    differs("validation rows", own.validation_rows.to_string(), common.validation_rows.to_string());
    let patience = |patience: Option<u64>| patience.map_or_else(|| "none".to_owned(), |n| n.to_string());
    differs("patience", patience(own.patience), patience(common.patience));
    (!words.is_empty()).then(|| format!("{} has its own training options: {}.", arm.name, words.join(", ")))
}

fn clipping(clip: Clip) -> String {
    match clip {
        Clip::None => "none".to_owned(),
        Clip::Norm(limit) => format!("to a norm of {limit}"),
        Clip::Value(limit) => format!("each component to ±{limit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pdmap_train::{Budget, Preset};

    fn prose(change: impl FnOnce(&mut Plan)) -> String {
        let mut plan = Plan::new(Budget::Steps(10));
        change(&mut plan);
        arms(&plan).join("\n")
    }

    #[test]
    fn shared_properties_are_stated_once_and_others_per_arm() {
        let usual = prose(|_| {});
        assert!(usual.contains("All arms have 2 linear layers with biases, a smooth leaky ReLU with α = 0.01"));
        assert!(usual.contains("A fixed PCA whitening"));
        assert!(usual.starts_with("dense-exact: GL(D), Euclidean gradient with an explicit inverse, O(D³) a step.\n"));
        assert!(!usual.contains("its own training options"));
        let deep = prose(|plan| {
            plan.arms[0] = Arm::preset(Preset::DENSE_EXACT, Architecture { depth: 4, alpha: 0.1 });
            plan.arms[1].model.preprocess = Some(vec![Preprocess::Standardize]);
            plan.arms[2].training.batch = Some(7);
            "mine".clone_into(&mut plan.arms[3].name);
        });
        assert!(!deep.contains("All arms have") && !deep.contains("A fixed PCA whitening"), "{deep}");
        assert!(deep.contains("O(D³) a step (depth 4, α = 0.1).") && deep.contains("mine: "), "{deep}");
        assert!(deep.contains("(dense-orthonormal, depth 2, α = 0.01)"), "{deep}");
        assert!(
            deep.contains("dense-relative-algebra has its own training options: batch 7 (the plan: 100)."),
            "{deep}"
        );
    }
}
