//! The summary of one column.

use ndarray::ArrayView1;

use super::evenly::{SAMPLE, evenly};
use super::grid::{is_on, step};
use super::rounding::of_storage;
use super::summary::{ColumnKind, ColumnSummary, Distinct};

/// Rows a distinct value, on average, from which on values count as repeated.
const REPEATS: usize = 2;

/// Largest whole number below which every whole number is an `f64`.
const WHOLE: f64 = 9_007_199_254_740_992.0;

/// Summarizes a column. The whole column determines counts, minimum, maximum and kind; at most
/// [`SAMPLE`] evenly spaced rows determine the rest.
pub(super) fn summarize(name: String, column: ArrayView1<'_, f64>) -> ColumnSummary {
    let finite = || column.iter().copied().filter(|value| value.is_finite());
    let missing = column.iter().filter(|value| value.is_nan()).count() as u64;
    let infinite = column.iter().filter(|value| value.is_infinite()).count() as u64;
    // Adding 0 turns −0 into 0.
    let mut sorted: Vec<f64> = evenly(column.len(), SAMPLE).map(|row| column[row] + 0.0).collect();
    sorted.retain(|value| value.is_finite());
    sorted.sort_unstable_by(f64::total_cmp);
    let quantiles = [0.25, 0.5, 0.75].map(|share| quantile(&sorted, share));
    let kept = sorted.len();
    sorted.dedup();
    let count = sorted.len();
    let repeats = kept >= REPEATS * count && count > 0;
    let (min, max) = finite().fold((f64::NAN, f64::NAN), |(min, max), value| (value.min(min), value.max(max)));
    ColumnSummary {
        name,
        kind: kind(&sorted, repeats, min, max, finite),
        repeats,
        min,
        quantiles,
        max,
        distinct: if column.len() > SAMPLE { Distinct::AtLeast(count) } else { Distinct::Exactly(count) },
        missing,
        infinite,
    }
}

/// The kind of the `finite` values, of which `distinct` are those of the sample, ascending.
fn kind<I: Iterator<Item = f64>>(
    distinct: &[f64],
    repeats: bool,
    min: f64,
    max: f64,
    finite: impl Fn() -> I,
) -> ColumnKind {
    if min.is_nan() {
        return ColumnKind::Empty;
    }
    if min == max {
        return ColumnKind::Constant { value: min };
    }
    if repeats && distinct.len() == 2 && finite().all(|value| value == min || value == max) {
        return ColumnKind::Binary { low: min, high: max };
    }
    let whole = finite().all(|value| value.fract() == 0.0 && value.abs() < WHOLE);
    let rounding = of_storage(finite());
    if repeats
        && let Some(step) = step(distinct, rounding)
        && !(whole && step == 1.0)
        && finite().all(|value| is_on(value, min, step, rounding))
    {
        return ColumnKind::Grid { step };
    }
    if whole { ColumnKind::Integer } else { ColumnKind::Real }
}

/// The quantile of ascending values, interpolated linearly; NaN without values.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let place = share * last as f64;
    let below = sorted[(place.floor() as usize).min(last)];
    let above = sorted[(place.ceil() as usize).min(last)];
    below + (above - below) * place.fract()
}
