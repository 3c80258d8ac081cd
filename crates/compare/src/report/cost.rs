//! The cost of a training step.

use pdmap_report::{Section, Table};

use super::cells::{mean, strings};
use super::table::number;
use crate::records::RunResult;
use crate::results::Results;

/// The section.
pub(super) fn cost(results: &Results) -> Section {
    let rows = results.arms.iter().map(|arm| {
        let name = arm.arm.as_str();
        let per_step = |of: &dyn Fn(&RunResult) -> f64| {
            let value = mean(results, name, |run| Some(1e3 * of(run) / run.trained.steps.max(1) as f64));
            number(value, 4)
        };
        vec![
            name.to_owned(),
            arm.layers.to_string(),
            arm.parameters.to_string(),
            per_step(&|run| run.trained.cost.batches),
            per_step(&|run| run.trained.cost.gradients),
            per_step(&|run| run.trained.cost.updates),
            number(mean(results, name, |run| Some(100.0 * run.trained.cost.validations / run.trained.seconds)), 1),
        ]
    });
    Section {
        heading: "Cost of a training step".into(),
        table: Some(Table {
            caption: "Milliseconds per training step".into(),
            header: strings(&[
                "arm",
                "layers",
                "parameters",
                "batch",
                "forward and backward",
                "direction and update",
                "validation, % of run",
            ]),
            rows: rows.collect(),
            best: vec![],
            note: match results.plan.parallel {
                Some(parallel) => {
                    format!("Measured with {} parallel runs of {} threads each.", parallel.runs, parallel.threads)
                }
                None => "Measured with one run at a time, on all threads.".to_owned(),
            },
        }),
        ..Section::default()
    }
}
