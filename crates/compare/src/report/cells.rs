//! Aggregates over the runs of an arm, and their formatting.

use crate::records::RunResult;
use crate::results::Results;
use crate::verdict::decimals;

/// Owned copies of cells.
pub(super) fn strings(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|cell| (*cell).to_owned()).collect()
}

/// The mean of a figure over the runs of an arm.
pub(super) fn mean(results: &Results, arm: &str, of: impl Fn(&RunResult) -> Option<f64>) -> Option<f64> {
    let values: Vec<f64> =
        results.runs.iter().filter(|run| run.arm == arm).filter_map(of).filter(|v| v.is_finite()).collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The largest value of a figure over the runs of an arm.
pub(super) fn worst(results: &Results, arm: &str, of: impl Fn(&RunResult) -> Option<f64>) -> Option<f64> {
    let values = results.runs.iter().filter(|run| run.arm == arm).filter_map(of);
    values.filter(|v| v.is_finite()).max_by(f64::total_cmp)
}

/// A value with its half-width.
pub(super) fn with_error(value: f64, half_width: f64) -> String {
    let digits = decimals(half_width);
    format!("{value:+.digits$} ± {half_width:.digits$}")
}

/// A time in milliseconds or seconds.
pub(super) fn time(seconds: f64) -> String {
    if seconds < 1.0 { format!("{:.3} ms", 1e3 * seconds) } else { format!("{seconds:.2} s") }
}

/// The colour index of an arm.
pub(super) fn color(results: &Results, arm: &str) -> usize {
    results.plan.arms.iter().position(|other| other.name == arm).unwrap_or(0)
}
