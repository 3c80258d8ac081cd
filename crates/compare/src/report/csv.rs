//! `results.csv`: one line per final run, for spreadsheets and data frames.

use pdmap_train::Outcome;
use serde_json::Value;

use crate::error::CompareError;
use crate::records::RunResult;
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

/// The final runs as CSV, in execution order. A missing figure is an empty cell.
///
/// # Errors
/// [`CompareError::Table`].
pub fn csv(results: &Results) -> Result<Vec<u8>, CompareError> {
    let failed = |error: String| CompareError::Table { reason: error };
    let mut table = ::csv::Writer::from_writer(Vec::new());
    table.write_record(HEAD).map_err(|error| failed(error.to_string()))?;
    for run in &results.runs {
        table.write_record(cells(run)).map_err(|error| failed(error.to_string()))?;
    }
    table.into_inner().map_err(|error| failed(error.to_string()))
}

fn cells(run: &RunResult) -> [String; HEAD.len()] {
    let or_empty = |value: Option<f64>| value.filter(|v| v.is_finite()).map_or_else(String::new, |v| v.to_string());
    let trained = &run.trained;
    [
        run.arm.clone(),
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
        outcome(&trained.outcome),
        or_empty(run.round_trip),
        or_empty(run.worst_condition()),
        or_empty(run.amari),
        or_empty(run.coding_gain),
    ]
}

/// The name of an outcome, as in `results.json`.
fn outcome(outcome: &Outcome) -> String {
    match serde_json::to_value(outcome) {
        Ok(Value::String(word)) => word,
        Ok(Value::Object(table)) => table.keys().next().cloned().unwrap_or_default(),
        _ => String::new(),
    }
}
