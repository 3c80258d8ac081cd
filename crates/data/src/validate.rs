//! Checks that rows are fit for scoring or training.

use ndarray::ArrayView2;

use crate::element::{Element, widen};
use crate::error::DataError;

/// Checks that there is at least one row and one feature, and that every value is finite.
///
/// # Errors
/// [`DataError::ZeroFeatures`], [`DataError::TooFewRows`], or [`DataError::NonFinite`] for the
/// first bad value in row-major order. Messages call the data `name`.
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

/// Checks rows for training in batches of `batch` rows: [`check_rows`], at least one full batch,
/// and no constant feature, whose likelihood is unbounded.
///
/// # Errors
/// As [`check_rows`]; [`DataError::TooFewRows`] for less than a batch;
/// [`DataError::ConstantFeature`] for the first constant column.
pub fn check_training<F: Element>(rows: ArrayView2<'_, F>, name: &str, batch: usize) -> Result<(), DataError> {
    let mut check = TrainingCheck::new(name);
    check.block(rows)?;
    check.finish(batch)
}

/// [`check_training`] for rows that arrive in blocks.
#[derive(Debug)]
pub struct TrainingCheck<F> {
    name: String,
    rows: usize,
    first: Vec<F>,
    /// Columns that have been constant so far; on real data empty after a few rows.
    constant: Vec<usize>,
}

impl<F: Element> TrainingCheck<F> {
    /// Starts a check; messages call the data `name`.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), rows: 0, first: Vec::new(), constant: Vec::new() }
    }

    /// Checks the next block of rows.
    ///
    /// # Errors
    /// [`DataError::ZeroFeatures`], [`DataError::TooFewRows`] for an empty block,
    /// [`DataError::NonFinite`].
    pub fn block(&mut self, rows: ArrayView2<'_, F>) -> Result<(), DataError> {
        check_rows(rows, &self.name).map_err(|error| match error {
            DataError::NonFinite { name, row, column, value } => {
                DataError::NonFinite { name, row: self.rows + row, column, value }
            }
            other => other,
        })?;
        if self.rows == 0 {
            self.first = rows.row(0).to_vec();
            self.constant = (0..rows.ncols()).collect();
        }
        self.rows += rows.nrows();
        for row in rows.rows() {
            if self.constant.is_empty() {
                break;
            }
            self.constant.retain(|&column| row[column] == self.first[column]);
        }
        Ok(())
    }

    /// Finishes the check after the last block.
    ///
    /// # Errors
    /// [`DataError::TooFewRows`], [`DataError::ConstantFeature`].
    pub fn finish(self, batch: usize) -> Result<(), DataError> {
        let Self { name, rows, first, constant } = self;
        if rows < batch {
            return Err(DataError::TooFewRows { name, expected: batch, actual: rows });
        }
        match constant.first() {
            None => Ok(()),
            Some(&column) => Err(DataError::ConstantFeature { name, column, value: widen(first[column]) }),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::float_cmp)]
    use super::*;
    use ndarray::{Array2, array};

    #[test]
    fn the_first_bad_value_is_reported() {
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
        assert!(matches!(check_rows(Array2::<f64>::zeros((3, 0)).view(), "x"), Err(DataError::ZeroFeatures { .. })));
        assert!(matches!(
            check_rows(Array2::<f64>::zeros((0, 3)).view(), "x"),
            Err(DataError::TooFewRows { expected: 1, actual: 0, .. })
        ));
    }

    #[test]
    fn training_needs_a_batch_and_varying_features() {
        let rows = array![[1.0, 5.0, 2.0], [0.5, 5.0, 2.0], [1.0, 5.0, 3.0]];
        assert!(matches!(
            check_training(rows.view(), "x", 3),
            Err(DataError::ConstantFeature { column: 1, value, .. }) if value == 5.0
        ));
        let varied = rows.select(ndarray::Axis(1), &[0, 2]);
        check_training(varied.view(), "x", 3).unwrap();
        // Row numbers continue across blocks, and a column may vary between blocks only.
        let mut check = TrainingCheck::new("x");
        check.block(array![[1.0, 2.0], [1.0, 3.0]].view()).unwrap();
        let error = check.block(array![[2.0, f64::NAN]].view()).unwrap_err();
        assert!(matches!(error, DataError::NonFinite { row: 2, column: 1, .. }), "{error}");
        let mut check = TrainingCheck::new("x");
        check.block(array![[1.0, 2.0], [1.0, 2.0]].view()).unwrap();
        check.block(array![[1.0, 3.0]].view()).unwrap();
        let error = check.finish(3).unwrap_err();
        assert!(matches!(error, DataError::ConstantFeature { column: 0, .. }), "{error}");
        assert!(matches!(
            check_training(varied.view(), "x", 4),
            Err(DataError::TooFewRows { expected: 4, actual: 3, .. })
        ));
    }
}
