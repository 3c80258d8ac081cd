//! Conditions of rows, as data.

use ndarray::{Array2, ArrayView2};
use pdmap_core::Real;
use serde::{Deserialize, Serialize};

use crate::error::SpecError;

/// The condition of a density `p(x | c)`, as a model file states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// A vector of numbers.
    Vector {
        /// Its length.
        width: usize,
    },
    /// One of the classes 0, 1, …: a one-hot vector.
    Classes {
        /// The number of classes.
        count: usize,
    },
}

/// Classes at most: each is a column.
const MOST_CLASSES: usize = 1 << 16;

impl Condition {
    /// The classes of labels: one more than the largest label, at least 2.
    ///
    /// # Errors
    /// [`SpecError::Label`] for a number that is no class.
    pub fn of_labels<F: Real>(labels: ArrayView2<'_, F>, name: &str) -> Result<Self, SpecError> {
        let most = Self::Classes { count: MOST_CLASSES };
        let mut count = 2;
        for row in 0..labels.nrows() {
            count = count.max(most.label(labels.reborrow(), row, name)? + 1);
        }
        Ok(Self::Classes { count })
    }

    /// Numbers of a row as the flow sees them.
    pub fn width(self) -> usize {
        match self {
            Self::Vector { width } => width,
            Self::Classes { count } => count,
        }
    }

    /// The rows of a file called `name` as the flow sees them: vectors unchanged, labels as one-hot
    /// vectors.
    ///
    /// # Errors
    /// [`SpecError::ConditionWidth`], [`SpecError::Label`]; NaN and infinities.
    pub fn encode<F: Real>(self, rows: Array2<F>, name: &str) -> Result<Array2<F>, SpecError> {
        match self {
            Self::Vector { width } => {
                if rows.ncols() != width {
                    let (name, expected, actual) = (name.to_owned(), width, rows.ncols());
                    return Err(SpecError::ConditionWidth { name, expected, actual });
                }
                pdmap_core::check::finite("condition", rows.view())?;
                Ok(rows)
            }
            Self::Classes { count } => {
                let mut all = Array2::zeros((rows.nrows(), count));
                for row in 0..rows.nrows() {
                    let label = self.label(rows.view(), row, name)?;
                    all[[row, label]] = F::one();
                }
                Ok(all)
            }
        }
    }

    /// The class of a row.
    fn label<F: Real>(self, labels: ArrayView2<'_, F>, row: usize, name: &str) -> Result<usize, SpecError> {
        let name = || name.to_owned();
        if labels.ncols() != 1 {
            return Err(SpecError::ConditionWidth { name: name(), expected: 1, actual: labels.ncols() });
        }
        let (value, classes) = (labels[[row, 0]].f64(), self.width());
        if value.fract() == 0.0 && value >= 0.0 && value < classes as f64 {
            Ok(value as usize)
        } else {
            Err(SpecError::Label { name: name(), row, value, classes })
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn labels_become_columns_and_others_are_refused() {
        let labels = array![[2.0], [0.0]];
        let classes = Condition::of_labels(labels.view(), "l").unwrap();
        assert_eq!(classes, Condition::Classes { count: 3 });
        assert_eq!(classes.encode(labels, "l").unwrap(), array![[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]);
        for bad in [3.0, -1.0, 0.5, f64::NAN] {
            let error = classes.encode(array![[0.0], [bad]], "labels.npy").unwrap_err().to_string();
            assert!(error.contains("labels.npy") && error.contains("row 1"), "{error}");
        }
        let error = Condition::Vector { width: 2 }.encode(array![[1.0]], "c").unwrap_err().to_string();
        assert!(error.contains('2') && error.contains('1'), "{error}");
    }
}
