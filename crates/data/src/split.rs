//! Seeded splits into training, validation and test sets.

use ndarray::{Array2, Axis};
use rand::RngExt;

use crate::element::Element;
use crate::error::DataError;
use crate::random::{Purpose, stream};
use crate::text::{Cell, cell};

/// Training, validation and test part, in this order.
pub type Parts<T> = (T, T, T);

/// Splits rows at random. Each part keeps the original row order.
///
/// `validation` and `test` are fractions of all rows, rounded to whole rows; a nonzero fraction
/// gets at least one row. For rows cut from shared images, use [`split_groups`].
///
/// # Errors
/// [`DataError::BadOption`] for a fraction outside `0..1` or a sum of at least 1;
/// [`DataError::TooFewRows`] if a part would be empty.
pub fn split_rows<F: Element>(
    rows: Array2<F>,
    validation: f64,
    test: f64,
    seed: u64,
) -> Result<Parts<Array2<F>>, DataError> {
    let (train, validation, test) = split_row_numbers(rows.nrows(), validation, test, seed)?;
    let take = |indices: &[usize]| rows.select(Axis(0), indices);
    Ok((take(&train), take(&validation), take(&test)))
}

/// Splits the row numbers `0..count`, as [`split_rows`] splits rows; each part ascends.
///
/// # Errors
/// As [`split_rows`].
pub fn split_row_numbers(count: usize, validation: f64, test: f64, seed: u64) -> Result<Parts<Vec<usize>>, DataError> {
    split_indices(count, validation, test, seed, |expected, actual| DataError::TooFewRows {
        name: "split".to_owned(),
        expected,
        actual,
    })
}

/// Splits grouped rows so that each group lies in one part only; returns ascending row indices.
///
/// `groups[i]` is the group of row `i`, for example the image of a patch. Fractions count groups
/// and follow the rules of [`split_rows`].
///
/// # Errors
/// [`DataError::BadOption`] as in [`split_rows`]; [`DataError::TooFewGroups`] if a part would be
/// empty.
pub fn split_groups(groups: &[u32], validation: f64, test: f64, seed: u64) -> Result<Parts<Vec<usize>>, DataError> {
    let mut names = groups.to_vec();
    names.sort_unstable();
    names.dedup();
    let (_, validation, test) = split_indices(names.len(), validation, test, seed, |expected, actual| {
        DataError::TooFewGroups { expected, actual }
    })?;
    let named = |indices: Vec<usize>| -> Vec<u32> { indices.into_iter().map(|i| names[i]).collect() };
    // Sorted, because indices and names are both ascending; this allows binary search.
    let (validation, test) = (named(validation), named(test));
    let mut parts = (Vec::new(), Vec::new(), Vec::new());
    for (row, group) in groups.iter().enumerate() {
        if validation.binary_search(group).is_ok() {
            parts.1.push(row);
        } else if test.binary_search(group).is_ok() {
            parts.2.push(row);
        } else {
            parts.0.push(row);
        }
    }
    Ok(parts)
}

/// Splits rows so that each class has the same shares in all parts, up to one row; returns ascending
/// row indices.
///
/// `classes[i]` is the class of row `i`. The rows of each class are shuffled, and the parts are taken
/// evenly from all classes, one after the other: a class of five rows and a validation share of a
/// fifth give one validation row. Fractions follow the rules of [`split_rows`].
///
/// # Errors
/// As [`split_rows`].
pub fn split_strata(classes: &[u32], validation: f64, test: f64, seed: u64) -> Result<Parts<Vec<usize>>, DataError> {
    let at_random = split_row_numbers(classes.len(), validation, test, seed)?;
    let mut order = permutation(classes.len(), seed);
    order.sort_by_key(|&row| classes[row]);
    let mut parts = (Vec::new(), Vec::new(), Vec::new());
    // What is due to each part, in rows; from one half on, so that shares are rounded.
    let mut due = (0.5, 0.5);
    for row in order {
        due = (due.0 + validation, due.1 + test);
        if due.0 >= 1.0 {
            due.0 -= 1.0;
            parts.1.push(row);
        } else if due.1 >= 1.0 {
            due.1 -= 1.0;
            parts.2.push(row);
        } else {
            parts.0.push(row);
        }
    }
    let (train, for_validation, for_test) = &mut parts;
    let empty = |part: &[usize], share: f64| share > 0.0 && part.is_empty();
    if train.is_empty() || empty(for_validation, validation) || empty(for_test, test) {
        return Ok(at_random);
    }
    [train, for_validation, for_test].into_iter().for_each(|part| part.sort_unstable());
    Ok(parts)
}

/// Splits rows by an order, such as time: the last rows are test rows, those before them validation
/// rows. Returns ascending row indices.
///
/// `keys[i]` is the position of row `i`. Keys are compared as numbers if all of them are numbers,
/// otherwise as text, which orders ISO 8601 dates. Rows with equal keys keep their order. Fractions
/// follow the rules of [`split_rows`].
///
/// # Errors
/// As [`split_rows`]; [`DataError::MissingKey`] for an empty key, NaN, or another token of missing
/// values. As text, it would change the order of the numbers.
pub fn split_order(keys: &[String], validation: f64, test: f64) -> Result<Parts<Vec<usize>>, DataError> {
    // The shares of a random split.
    let (train, validation, _) = split_row_numbers(keys.len(), validation, test, 0)?;
    let mut order: Vec<usize> = (0..keys.len()).collect();
    if let Some(row) = keys.iter().position(|key| cell::<f64>(key) == Cell::Missing) {
        return Err(DataError::MissingKey { row });
    }
    let numbers: Option<Vec<f64>> = keys.iter().map(|key| key.trim().parse().ok()).collect();
    match numbers {
        Some(numbers) => order.sort_by(|&a, &b| numbers[a].total_cmp(&numbers[b])),
        None => order.sort_by(|&a, &b| keys[a].cmp(&keys[b])),
    }
    let sorted = |mut rows: Vec<usize>| {
        rows.sort_unstable();
        rows
    };
    let test = order.split_off(train.len() + validation.len());
    let validation = order.split_off(train.len());
    Ok((sorted(order), sorted(validation), sorted(test)))
}

/// Splits `0..count` into ascending lists.
pub(crate) fn split_indices(
    count: usize,
    validation: f64,
    test: f64,
    seed: u64,
    too_few: impl Fn(usize, usize) -> DataError,
) -> Result<Parts<Vec<usize>>, DataError> {
    check_fraction("validation", validation)?;
    check_fraction("test", test)?;
    check_fraction("validation + test", validation + test)?;
    let needed = 1 + usize::from(validation > 0.0) + usize::from(test > 0.0);
    if count < needed {
        return Err(too_few(needed, count));
    }
    let validation = share(count, validation);
    // Rounding up both fractions must not leave the training part empty.
    let test = share(count, test).min(count - 1 - validation.min(count - 1));
    let mut order = permutation(count, seed);
    let mut take = |length: usize| {
        let mut part = order.split_off(order.len() - length);
        part.sort_unstable();
        part
    };
    let (validation, test) = (take(validation), take(test));
    order.sort_unstable();
    Ok((order, validation, test))
}

/// `fraction` of `count`, rounded; at least 1 for a positive fraction.
pub(crate) fn share(count: usize, fraction: f64) -> usize {
    if fraction > 0.0 { ((count as f64 * fraction).round() as usize).max(1) } else { 0 }
}

/// A uniformly random permutation of `0..count` (Fisher & Yates).
fn permutation(count: usize, seed: u64) -> Vec<usize> {
    let mut rng = stream(seed, Purpose::Split, 0);
    let mut order: Vec<usize> = (0..count).collect();
    for last in (1..count).rev() {
        order.swap(last, rng.random_range(0..=last as u64) as usize);
    }
    order
}

fn check_fraction(option: &'static str, value: f64) -> Result<(), DataError> {
    if (0.0..1.0).contains(&value) {
        return Ok(());
    }
    Err(DataError::BadOption { option, value: value.to_string(), expected: "a fraction of at least 0 and below 1" })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_row_is_kept_once_in_the_requested_shares() {
        let rows = Array2::from_shape_fn((1000, 2), |(i, j)| (10 * i + j) as f64);
        let (train, validation, test) = split_rows(rows.clone(), 0.1, 0.2, 5).unwrap();
        assert_eq!((train.nrows(), validation.nrows(), test.nrows()), (700, 100, 200));
        let seen: BTreeSet<u64> = [&train, &validation, &test]
            .iter()
            .flat_map(|part| part.column(0).to_vec())
            .map(|value| value as u64)
            .collect();
        assert_eq!(seen.len(), 1000);
        for row in test.rows() {
            assert!((row[1] - row[0] - 1.0).abs() < 1e-12);
        }
        // A split by position instead of at random has a distant mean: the standard error is 18.
        let mean = test.column(0).sum() / 2000.0;
        assert!((mean - 499.5).abs() < 90.0, "{mean}");
        assert_eq!(split_rows(rows.clone(), 0.1, 0.2, 5).unwrap().2, test);
        assert_ne!(split_rows(rows, 0.1, 0.2, 6).unwrap().2, test);
    }

    #[test]
    fn groups_are_not_divided() {
        let groups: Vec<u32> = (0..600).map(|row| 7 + (row * 31 % 20)).collect();
        let parts = split_groups(&groups, 0.1, 0.1, 1).unwrap();
        let of = |rows: &[usize]| -> BTreeSet<u32> { rows.iter().map(|&r| groups[r]).collect() };
        let (train, validation, test) = (of(&parts.0), of(&parts.1), of(&parts.2));
        assert_eq!((train.len(), validation.len(), test.len()), (16, 2, 2));
        assert_eq!(train.union(&validation).chain(&test).count(), 20);
        assert!(train.is_disjoint(&test) && validation.is_disjoint(&test));
        assert_eq!(parts.0.len() + parts.1.len() + parts.2.len(), 600);
    }

    #[test]
    fn classes_have_the_same_shares_in_all_parts() {
        // 300, 60 and 11 rows of a class, in turn.
        let classes: Vec<u32> = (0..371).map(|row| if row < 11 { 9 } else { u32::from(row % 6 == 0) }).collect();
        let of = |rows: &[usize], class: u32| rows.iter().filter(|&&row| classes[row] == class).count() as f64;
        let (train, validation, test) = split_strata(&classes, 0.2, 0.1, 3).unwrap();
        let mut all = [&train[..], &validation, &test].concat();
        all.sort_unstable();
        assert_eq!(all, (0..371).collect::<Vec<_>>());
        for class in [0, 1, 9] {
            let count = of(&all, class);
            assert!((of(&validation, class) - 0.2 * count).abs() <= 1.0, "class {class}");
            assert!((of(&test, class) - 0.1 * count).abs() <= 1.0, "class {class}");
        }
        assert!(validation.is_sorted() && validation != split_strata(&classes, 0.2, 0.1, 4).unwrap().1);
        // At random, the shares of the rare class vary by more than a row.
        let off = |parts: (Vec<usize>, Vec<usize>, Vec<usize>)| (of(&parts.1, 9) - 2.2).abs();
        assert!((0..20).any(|seed| off(split_row_numbers(371, 0.2, 0.1, seed).unwrap()) > 1.5));
        assert!((0..20).all(|seed| off(split_strata(&classes, 0.2, 0.1, seed).unwrap()) < 1.5));
        // Too few rows for rounded shares.
        let parts = split_strata(&[0, 1, 2], 0.1, 0.1, 0).unwrap();
        assert_eq!((parts.0.len(), parts.1.len(), parts.2.len()), (1, 1, 1));
    }

    #[test]
    fn the_last_rows_of_an_order_are_test_rows() {
        let parts = |keys: &[&str]| {
            let keys: Vec<String> = keys.iter().map(|&key| key.to_owned()).collect();
            split_order(&keys, 0.2, 0.2).unwrap()
        };
        // As text, 10 would come before 9.
        assert_eq!(parts(&["10", "2", "9", "1", "3"]), (vec![1, 3, 4], vec![2], vec![0]));
        let dates = ["2026-03-01", "2025-12-31", "2026-02-01", "2026-01-15", "2026-02-28"];
        assert_eq!(parts(&dates), (vec![1, 2, 3], vec![4], vec![0]));
        assert_eq!(parts(&["7"; 5]), (vec![0, 1, 2], vec![3], vec![4]));
        assert_eq!(parts(&["10", "2", "inf", "1", "3"]), (vec![1, 3, 4], vec![0], vec![2]));
        for missing in ["", " ", "NaN", "-nan", "NA"] {
            let keys = ["10", "2", missing, "1", "3"].map(str::to_owned);
            assert!(matches!(split_order(&keys, 0.2, 0.2), Err(DataError::MissingKey { row: 2 })), "{missing:?}");
        }
    }

    #[test]
    fn small_data_leave_no_part_empty_or_are_refused() {
        let parts = split_groups(&[1, 2, 3], 0.4, 0.5, 0).unwrap();
        assert_eq!((parts.0.len(), parts.1.len(), parts.2.len()), (1, 1, 1));
        assert!(matches!(
            split_groups(&[1, 2, 2], 0.1, 0.1, 0),
            Err(DataError::TooFewGroups { expected: 3, actual: 2 })
        ));
        assert!(matches!(
            split_rows(Array2::<f64>::zeros((1, 1)), 0.1, 0.0, 0),
            Err(DataError::TooFewRows { expected: 2, actual: 1, .. })
        ));
        for (validation, test) in [(1.0, 0.0), (-0.1, 0.5), (0.5, 0.5), (f64::NAN, 0.1)] {
            assert!(matches!(split_groups(&[1, 2, 3], validation, test, 0), Err(DataError::BadOption { .. })));
        }
    }
}
