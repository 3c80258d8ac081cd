//! Evenly spaced rows.

/// Maximum number of rows that are sorted and correlated.
pub(super) const SAMPLE: usize = 200_000;

/// At most `most` of `count` row numbers, evenly spaced, ascending.
pub(super) fn evenly(count: usize, most: usize) -> impl Iterator<Item = usize> + Clone {
    let kept = count.min(most);
    (0..kept).map(move |index| (index as u128 * count as u128 / kept as u128) as usize)
}
