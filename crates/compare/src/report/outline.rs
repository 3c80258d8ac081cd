//! A plan in words, as a dry run prints it.

use std::time::Duration;

use pdmap_train::{Budget, Preprocess};

use super::table::columns;
use crate::arm::Arm;
use crate::plan::Parallel;
use crate::plan::Plan;

/// Describes the runs of a plan: a table of the arms, then seeds, budgets, contrasts and the total
/// training time or number of steps.
pub fn outline(plan: &Plan) -> String {
    let table = [columns(&arms(plan)), String::new()];
    table.into_iter().chain(terms(plan)).collect::<Vec<_>>().join("\n")
}

/// What all arms share, one line per item.
pub(crate) fn terms(plan: &Plan) -> Vec<String> {
    let mut lines =
        vec![format!("{} arms x {} seeds, {} per run", plan.arms.len(), plan.seeds, budget(plan.training.budget))];
    let tuned: Vec<_> = plan.arms.iter().map(|arm| plan.tuning_runs(arm)).filter(|rungs| rungs[0].0 > 0).collect();
    if let Some(rungs) = tuned.first() {
        let rungs: Vec<String> =
            rungs.iter().map(|&(runs, share)| format!("{runs} of {}", budget(plan.share_of_budget(share)))).collect();
        lines.push(format!(
            "{} of {} arms tuned by successive halving: {} each, on separate seeds",
            tuned.len(),
            plan.arms.len(),
            rungs.join(", then ")
        ));
    }
    if let Some(Parallel { runs, threads }) = plan.parallel {
        lines.push(format!("{runs} parallel runs, {threads} threads each"));
    }
    lines.push(format!("smallest effect of interest: {} nats", plan.smallest_effect));
    if !plan.contrasts.is_empty() {
        let pairs: Vec<String> =
            plan.contrasts.iter().map(|[arm, against]| format!("{arm} against {against}")).collect();
        lines.push(format!("contrasts: {}", pairs.join(", ")));
    }
    lines.push(match (plan.training.budget, plan.seconds()) {
        (_, Some(seconds)) => format!("about {seconds:.0} s of training"),
        (Budget::Steps(steps), None) => {
            format!(
                "about {:.0} training steps in total; the time per step is known after the first run",
                plan.budgets() * steps as f64
            )
        }
        (Budget::Time(_), None) => String::new(),
    });
    lines
}

/// The table of arms, its head first.
pub(crate) fn arms(plan: &Plan) -> Vec<Vec<String>> {
    let head = ["arm", "layers", "preprocessing", "optimizer", "batch", "rate"];
    let rows = plan.arms.iter().map(|arm| {
        let config = plan.config(arm);
        let rates: Vec<String> = plan.rates_to_try(arm).iter().map(|rate| format!("{rate:e}")).collect();
        let rate = match (arm.rate, rates.is_empty()) {
            (Some(rate), _) => format!("{rate:e}, fixed"),
            (None, true) => format!("{:e}", plan.untuned_rate(arm)),
            (None, false) => format!("tuned: {}", rates.join(" ")),
        };
        vec![
            arm.name.clone(),
            layers(arm),
            preprocessing(plan.steps(arm)),
            config.optimizer.to_string(),
            config.batch.to_string(),
            rate,
        ]
    });
    std::iter::once(head.map(str::to_owned).to_vec()).chain(rows).collect()
}

/// Preprocessing steps in order; `none` if there are none.
pub(crate) fn preprocessing(steps: &[Preprocess]) -> String {
    let steps: Vec<String> =
        steps.iter().filter(|&&step| step != Preprocess::None).map(Preprocess::to_string).collect();
    if steps.is_empty() { Preprocess::None.to_string() } else { steps.join(", ") }
}

fn budget(budget: Budget) -> String {
    match budget {
        Budget::Steps(steps) => format!("{steps} steps"),
        Budget::Time(time) => humantime::format_duration(Duration::from_millis(time.as_millis() as u64)).to_string(),
    }
}

/// The number of layers of an arm, if it is known.
fn layers(arm: &Arm) -> String {
    let known = (!arm.searched).then(|| arm.model.expand().ok()).flatten();
    known.map_or_else(|| "–".to_owned(), |layers| layers.len().to_string())
}
