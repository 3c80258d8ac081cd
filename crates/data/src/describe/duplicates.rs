//! Columns with the same values as an earlier one.

use std::collections::HashMap;

use ndarray::ArrayView2;

/// For each of the `columns`, the earlier one of them that has the same values in every row, if
/// any. Missing values are equal to each other.
pub(super) fn duplicates(rows: ArrayView2<'_, f64>, columns: &[usize]) -> Vec<Option<usize>> {
    let mut seen: HashMap<u64, Vec<usize>> = HashMap::new();
    let mut found = Vec::with_capacity(columns.len());
    for &column in columns {
        let values = || rows.column(column).into_iter().map(|&value| bits(value));
        let earlier = seen.entry(values().fold(0, mixed)).or_default();
        let same = |&other: &usize| values().eq(rows.column(other).into_iter().map(|&value| bits(value)));
        let of = earlier.iter().copied().find(same);
        if of.is_none() {
            earlier.push(column);
        }
        found.push(of);
    }
    found
}

/// Bits that are equal for equal values, and for any two NaN.
fn bits(value: f64) -> u64 {
    if value.is_nan() { f64::NAN.to_bits() } else { (value + 0.0).to_bits() }
}

/// A hash of a sequence: a step of FNV over whole words, with the high bits folded down.
fn mixed(hash: u64, word: u64) -> u64 {
    let product = (hash ^ word).wrapping_mul(0x0100_0000_01b3);
    product ^ (product >> 32)
}
