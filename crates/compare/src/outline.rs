//! What a plan will run, before it does.

use std::time::Duration;

use pdmap_train::{Budget, Preprocess};

use crate::Plan;
use crate::table::columns;

/// The runs of a plan in words: a table of the arms, then seeds, budgets, contrasts and, where budgets are times, what all of it takes.
pub fn outline(plan: &Plan) -> String {
    let mut lines = vec![columns(&arms(plan)), String::new()];
    lines.push(format!(
        "{} arms x {} seeds, {} a run",
        plan.arms.len(),
        plan.seeds,
        budget(plan.training.budget)
    ));
    let tuned = plan.arms.iter().filter(|arm| !plan.rates_to_try(arm).is_empty()).count();
    if tuned > 0 {
        lines.push(format!(
            "{tuned} of {} arms tuned, {} for each rate; where the best lies on the edge, up to two more rates beyond it",
            plan.arms.len(),
            budget(plan.tuning_budget())
        ));
    }
    if !plan.contrasts.is_empty() {
        let pairs: Vec<String> =
            plan.contrasts.iter().map(|[arm, against]| format!("{arm} against {against}")).collect();
        lines.push(format!("contrasts: {}", pairs.join(", ")));
    }
    if let Some([least, most]) = plan.seconds() {
        lines.push(if most > least {
            format!("about {least:.0} s of training, {most:.0} s at most")
        } else {
            format!("about {least:.0} s of training")
        });
    }
    lines.join("\n")
}

fn arms(plan: &Plan) -> Vec<Vec<String>> {
    let head = ["arm", "layers", "preprocessing", "optimizer", "batch", "rate"];
    let rows = plan.arms.iter().map(|arm| {
        let config = plan.config(arm);
        let rates: Vec<String> = plan.rates_to_try(arm).iter().map(|rate| format!("{rate:e}")).collect();
        let rate = match (arm.rate, rates.is_empty()) {
            (Some(rate), _) => format!("{rate:e}, fixed"),
            (None, true) => format!("{:e}", config.rate),
            (None, false) => format!("tuned: {}", rates.join(" ")),
        };
        vec![
            arm.name.clone(),
            arm.model.expand().map_or_else(|_| "–".to_owned(), |layers| layers.len().to_string()),
            preprocessing(plan.steps(arm)),
            config.optimizer.to_string(),
            config.batch.to_string(),
            rate,
        ]
    });
    std::iter::once(head.map(str::to_owned).to_vec()).chain(rows).collect()
}

/// Steps in their order; `none` where there is nothing.
pub(crate) fn preprocessing(steps: &[Preprocess]) -> String {
    let steps: Vec<String> =
        steps.iter().filter(|&&step| step != Preprocess::None).map(Preprocess::to_string).collect();
    if steps.is_empty() { Preprocess::None.to_string() } else { steps.join(", ") }
}

fn budget(budget: Budget) -> String {
    match budget {
        Budget::Steps(steps) => format!("{steps} steps"),
        Budget::Time(time) => {
            humantime::format_duration(Duration::from_millis(time.as_millis() as u64)).to_string()
        }
    }
}
