//! `results.csv`: one line a final run, for spreadsheets and data frames.

use crate::results::Results;

/// Column names.
const HEAD: [&str; 18] = [
    "arm",
    "seed",
    "rate",
    "parameters",
    "steps",
    "seconds",
    "best_validation",
    "best_step",
    "test",
    "test_error",
    "bits_per_dim",
    "halvings",
    "rollbacks",
    "outcome",
    "round_trip",
    "worst_condition",
    "amari",
    "coding_gain",
];

/// The final runs as CSV, in the order in which they were made; an empty cell is a figure that there is not.
pub fn csv(results: &Results) -> String {
    let mut lines = vec![HEAD.join(",")];
    for run in &results.runs {
        let trained = &run.trained;
        let or_empty =
            |value: Option<f64>| value.filter(|v| v.is_finite()).map_or_else(String::new, |v| v.to_string());
        let outcome = serde_json::to_value(&trained.outcome).unwrap_or_default();
        let outcome = match &outcome {
            serde_json::Value::String(word) => word.clone(),
            serde_json::Value::Object(table) => table.keys().next().cloned().unwrap_or_default(),
            _ => String::new(),
        };
        let cells = [
            quoted(&run.arm),
            run.seed.to_string(),
            run.rate.to_string(),
            run.parameters.to_string(),
            trained.steps.to_string(),
            trained.seconds.to_string(),
            trained.best.validation.to_string(),
            trained.best.step.to_string(),
            or_empty(run.test),
            or_empty(run.test_error),
            or_empty(run.bits_per_dim),
            trained.halvings.to_string(),
            trained.rollbacks.len().to_string(),
            outcome,
            or_empty(run.round_trip),
            or_empty(run.worst_condition()),
            or_empty(run.amari),
            or_empty(run.coding_gain),
        ];
        lines.push(cells.join(","));
    }
    lines.join("\n") + "\n"
}

/// RFC 4180; a name has no commas or line ends (`Plan::check`), but may have quotes.
fn quoted(name: &str) -> String {
    if name.contains('"') { format!("\"{}\"", name.replace('"', "\"\"")) } else { name.to_owned() }
}
