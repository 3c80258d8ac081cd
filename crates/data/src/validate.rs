//! Checks that rows are fit for scoring and for training, before hours are spent on them.

use ndarray::ArrayView2;

use crate::DataError;
use crate::element::{Element, widen};

/// Checks that there are rows, that they have features, and that every value is finite.
///
/// # Errors
/// [`DataError::ZeroFeatures`], [`DataError::TooFewRows`], or [`DataError::NonFinite`] with the
/// first bad value in reading order. `name` says in the message which data it is.
pub fn check_rows<F: Element>(rows: ArrayView2<'_, F>, name: &str) -> Result<(), DataError> {
    if rows.ncols() == 0 {
        return Err(DataError::ZeroFeatures { name: name.to_owned() });
    }
    if rows.nrows() == 0 {
        return Err(DataError::TooFewRows { name: name.to_owned(), expected: 1, actual: 0 });
    }
    for ((row, column), value) in rows.indexed_iter() {
        if !value.is_finite() {
            return Err(DataError::NonFinite { name: name.to_owned(), row, column, value: widen(*value) });
        }
    }
    Ok(())
}

/// Checks rows for training in batches of `batch` rows: [`check_rows`], a full batch, and no
/// constant feature (its likelihood has no maximum).
///
/// # Errors
/// As [`check_rows`]; [`DataError::TooFewRows`] for fewer rows than a batch;
/// [`DataError::ConstantFeature`] with the first constant column.
pub fn check_training<F: Element>(
    rows: ArrayView2<'_, F>,
    name: &str,
    batch: usize,
) -> Result<(), DataError> {
    check_rows(rows, name)?;
    if rows.nrows() < batch {
        return Err(DataError::TooFewRows { name: name.to_owned(), expected: batch, actual: rows.nrows() });
    }
    let first = rows.row(0);
    // Columns in which no row has differed yet; on real data it is empty after a few rows.
    let mut constant: Vec<usize> = (0..rows.ncols()).collect();
    for row in rows.rows() {
        constant.retain(|&column| row[column] == first[column]);
        if constant.is_empty() {
            return Ok(());
        }
    }
    match constant.first() {
        None => Ok(()),
        Some(&column) => {
            Err(DataError::ConstantFeature { name: name.to_owned(), column, value: widen(first[column]) })
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::float_cmp)]
    use super::*;
    use ndarray::{Array2, array};

    #[test]
    fn the_first_bad_value_is_named() {
        let mut rows = Array2::<f32>::zeros((5, 4));
        check_rows(rows.view(), "x").unwrap();
        rows[[3, 1]] = f32::NEG_INFINITY;
        rows[[4, 0]] = f32::NAN;
        let error = check_rows(rows.view(), "x").unwrap_err();
        assert!(matches!(
            error,
            DataError::NonFinite { row: 3, column: 1, value, .. } if value == f64::NEG_INFINITY
        ));
        assert_eq!(error.to_string(), "x: row 3, column 1 is -inf; every value must be finite");
    }

    #[test]
    fn empty_data_are_refused() {
        assert!(matches!(
            check_rows(Array2::<f64>::zeros((3, 0)).view(), "x"),
            Err(DataError::ZeroFeatures { .. })
        ));
        assert!(matches!(
            check_rows(Array2::<f64>::zeros((0, 3)).view(), "x"),
            Err(DataError::TooFewRows { expected: 1, actual: 0, .. })
        ));
    }

    #[test]
    fn training_needs_a_batch_and_features_that_vary() {
        let rows = array![[1.0, 5.0, 2.0], [0.5, 5.0, 2.0], [1.0, 5.0, 3.0]];
        assert!(matches!(
            check_training(rows.view(), "x", 3),
            Err(DataError::ConstantFeature { column: 1, value, .. }) if value == 5.0
        ));
        let varied = rows.select(ndarray::Axis(1), &[0, 2]);
        check_training(varied.view(), "x", 3).unwrap();
        assert!(matches!(
            check_training(varied.view(), "x", 4),
            Err(DataError::TooFewRows { expected: 4, actual: 3, .. })
        ));
    }
}
