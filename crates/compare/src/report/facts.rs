//! The facts about data, plan and machine.

use pdmap_train::Budget;

use super::outline::preprocessing;
use super::table::scientific;
use crate::plan::Plan;
use crate::results::Results;

/// The preprocessing of all arms, or of each if they differ.
fn preprocessing_fact(plan: &Plan) -> String {
    let steps: Vec<_> = plan.arms.iter().map(|arm| (arm, plan.steps(arm))).collect();
    match &steps[..] {
        [(_, first), others @ ..] if others.iter().all(|(_, steps)| steps == first) => preprocessing(first),
        _ => {
            let each = steps.iter().map(|(arm, steps)| format!("{}: {}", arm.name, preprocessing(steps)));
            each.collect::<Vec<_>>().join("; ")
        }
    }
}

/// Terms and facts.
pub(super) fn facts(results: &Results) -> Vec<(String, String)> {
    let plan = &results.plan;
    let [train, validation, test] = results.rows;
    let budget = match plan.training.budget {
        Budget::Steps(steps) => format!("{steps} training steps per run"),
        Budget::Time(time) => format!("{:.1} s per run, validation included", time.as_secs_f64()),
    };
    let round_trip = results.runs.iter().filter_map(|run| run.round_trip).fold(f64::NAN, f64::max);
    [
        ("Space of the likelihoods", results.data.space.clone()),
        (
            "Rows",
            format!(
                "{train} training, {validation} validation ({} of them, evenly spaced, are used during training), {test} test",
                plan.training.validation_rows.min(validation)
            ),
        ),
        ("Features", results.data.features.to_string()),
        ("Budget", budget),
        ("Seeds", plan.seeds.to_string()),
        ("Smallest effect of interest", format!("{} nats", plan.smallest_effect)),
        (
            "Parallel runs",
            plan.parallel.map_or_else(|| "1, on all threads".to_owned(), |p| format!("{}, with {} threads each", p.runs, p.threads)),
        ),
        (
            "Optimizer",
            format!(
                "{}, batch {}, schedule: {}",
                plan.training.optimizer, plan.training.batch, plan.training.schedule.shape
            ),
        ),
        ("Preprocessing", preprocessing_fact(plan)),
        ("Largest relative round-trip error", scientific(round_trip)),
        ("Machine", results.machine.describe()),
        ("Date", results.date.clone()),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .to_vec()
}
