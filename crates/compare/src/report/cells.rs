//! What sections say of the runs of an arm, and how.

use crate::results::{Results, RunResult};
use crate::verdict::decimals;

pub(super) fn strings(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|cell| (*cell).to_owned()).collect()
}

/// Mean over the runs of an arm of a figure that they all have.
pub(super) fn mean(results: &Results, arm: &str, of: impl Fn(&RunResult) -> Option<f64>) -> Option<f64> {
    let values: Vec<f64> =
        results.runs.iter().filter(|run| run.arm == arm).filter_map(of).filter(|v| v.is_finite()).collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The largest over the runs of an arm.
pub(super) fn worst(results: &Results, arm: &str, of: impl Fn(&RunResult) -> Option<f64>) -> Option<f64> {
    let values = results.runs.iter().filter(|run| run.arm == arm).filter_map(of);
    values.filter(|v| v.is_finite()).max_by(f64::total_cmp)
}

pub(super) fn with_error(value: f64, half_width: f64) -> String {
    let digits = decimals(half_width);
    format!("{value:+.digits$} ± {half_width:.digits$}")
}

/// A time in the unit that it has digits in.
pub(super) fn time(seconds: f64) -> String {
    if seconds < 1.0 { format!("{:.3} ms", 1e3 * seconds) } else { format!("{seconds:.2} s") }
}
