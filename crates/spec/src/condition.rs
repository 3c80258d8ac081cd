//! Conditions of rows, as data.

use ndarray::{Array2, ArrayView2};
use pdmap_core::Real;
use pdmap_layers::preprocess::{Scale, Visit};
use serde::{Deserialize, Serialize};

use crate::error::SpecError;
use crate::rows::Rows;

/// The condition of a density `p(x | c)`, as a model file states it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// A vector of numbers, which the flow sees as they are.
    Vector {
        /// Its length.
        width: usize,
        /// The names of its columns; empty if they have none.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        names: Vec<String>,
    },
    /// A vector of numbers `c`, of which the flow sees `(c − location)/deviation`.
    Standardized {
        /// Of each number.
        location: Vec<f64>,
        /// Of each number, positive.
        deviation: Vec<f64>,
        /// The names of the columns; empty if they have none.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        names: Vec<String>,
    },
    /// One of the classes 0, 1, …: a one-hot vector.
    Classes {
        /// The number of classes.
        count: usize,
    },
    /// One of some classes with names: a one-hot vector in the order of the names.
    Named {
        /// The names, all different.
        classes: Vec<String>,
    },
}

/// Classes at most: each is a column.
const MOST_CLASSES: usize = 1 << 16;

/// Numbers of a vector at most.
const MOST_NUMBERS: usize = 1 << 20;

impl Condition {
    /// Vectors of this length, as they are.
    pub fn vector(width: usize) -> Self {
        Self::Vector { width, names: vec![] }
    }

    /// The same condition with names for the columns of vectors, by which the columns of other files
    /// are matched.
    #[must_use]
    pub fn named(mut self, columns: &[String]) -> Self {
        if let Self::Vector { names, .. } | Self::Standardized { names, .. } = &mut self {
            *names = columns.to_vec();
        }
        self
    }

    /// The names of the columns of vectors; empty if they have none.
    pub fn names(&self) -> &[String] {
        match self {
            Self::Vector { names, .. } | Self::Standardized { names, .. } => names,
            Self::Classes { .. } | Self::Named { .. } => &[],
        }
    }

    /// The classes of labels: one more than the largest label, at least 2.
    ///
    /// # Errors
    /// [`SpecError::Label`] for a number that is no class.
    pub fn of_labels<F: Real>(labels: ArrayView2<'_, F>, name: &str) -> Result<Self, SpecError> {
        let mut count = 2;
        for row in 0..labels.nrows() {
            count = count.max(label(labels.reborrow(), row, MOST_CLASSES, name)? + 1);
        }
        Ok(Self::Classes { count })
    }

    /// Vectors, standardized like features by those of the training rows `[rows, width]`. A number
    /// that is the same in every row is only centred.
    ///
    /// # Errors
    /// No rows; NaN and infinities.
    pub fn standardized<F: Real>(rows: ArrayView2<'_, F>) -> Result<Self, SpecError> {
        let rows = Rows::from(rows);
        let scale =
            Scale::fit_in_passes(&mut |visit: &mut Visit<'_, F>| rows.pass(&mut |block| Ok(visit(block, None)?)))?;
        let deviation = scale.deviation.iter().map(|&deviation| if deviation > 0.0 { deviation } else { 1.0 });
        let (location, deviation) = (scale.location.to_vec(), deviation.collect());
        Ok(Self::Standardized { location, deviation, names: vec![] })
    }

    /// Numbers of a row as the flow sees them.
    pub fn width(&self) -> usize {
        match self {
            Self::Vector { width, .. } => *width,
            Self::Standardized { location, .. } => location.len(),
            Self::Classes { .. } | Self::Named { .. } => self.classes().unwrap_or(0),
        }
    }

    /// The number of classes, if the condition is one of some classes.
    pub fn classes(&self) -> Option<usize> {
        match self {
            Self::Classes { count } => Some(*count),
            Self::Named { classes } => Some(classes.len()),
            Self::Vector { .. } | Self::Standardized { .. } => None,
        }
    }

    /// The column of class numbers that a column of names stands for. `labels` are the distinct
    /// names that the file called `name` has, and `codes` the index of the name of each row.
    ///
    /// # Errors
    /// [`SpecError::UnknownClass`] for a name that the model does not know.
    pub fn numbers<F: Real>(&self, labels: &[String], codes: &[usize], name: &str) -> Result<Array2<F>, SpecError> {
        let known = if let Self::Named { classes } = self { &classes[..] } else { &[] };
        let numbers: Vec<Option<usize>> =
            labels.iter().map(|label| known.iter().position(|known| known == label)).collect();
        let mut column = Array2::zeros((codes.len(), 1));
        for (row, &code) in codes.iter().enumerate() {
            let number = numbers[code].ok_or_else(|| SpecError::UnknownClass {
                name: name.to_owned(),
                row,
                label: labels[code].clone(),
                known: known.join(", "),
            })?;
            column[[row, 0]] = F::of(number as f64);
        }
        Ok(column)
    }

    /// Says that a condition from a file makes sense.
    pub(crate) fn check(&self) -> Result<(), String> {
        if let Self::Named { classes } = self {
            let distinct: std::collections::BTreeSet<&String> = classes.iter().collect();
            return match (distinct.len() == classes.len(), classes.len()) {
                (true, 1..=MOST_CLASSES) => Ok(()),
                (distinct, count) => Err(format!("{count} names of classes, distinct: {distinct}")),
            };
        }
        if !self.names().is_empty() && self.names().len() != self.width() {
            return Err(format!("{} names for a condition of {} columns", self.names().len(), self.width()));
        }
        if self.width() > MOST_NUMBERS {
            return Err(format!("a condition of {} numbers, more than {MOST_NUMBERS}", self.width()));
        }
        let Self::Standardized { location, deviation, .. } = self else { return Ok(()) };
        if location.len() != deviation.len() {
            return Err(format!("a condition with {} locations and {} deviations", location.len(), deviation.len()));
        }
        let sound =
            |(location, deviation): (&f64, &f64)| location.is_finite() && *deviation > 0.0 && deviation.is_finite();
        match location.iter().zip(deviation).position(|pair| !sound(pair)) {
            None => Ok(()),
            Some(column) => Err(format!(
                "column {column} of the condition has location {} and deviation {}",
                location[column], deviation[column]
            )),
        }
    }

    /// The rows of a file called `name` as the flow sees them: vectors unchanged or standardized (in
    /// `f64`), labels as one-hot vectors.
    ///
    /// # Errors
    /// [`SpecError::ConditionWidth`], [`SpecError::Label`]; NaN and infinities.
    pub fn encode<F: Real>(&self, mut rows: Array2<F>, name: &str) -> Result<Array2<F>, SpecError> {
        match self {
            Self::Vector { .. } | Self::Standardized { .. } => {
                let (expected, actual) = (self.width(), rows.ncols());
                if actual != expected {
                    return Err(SpecError::ConditionWidth { name: name.to_owned(), expected, actual });
                }
                pdmap_core::check::finite("condition", rows.view())?;
                if let Self::Standardized { location, deviation, .. } = self {
                    for mut row in rows.rows_mut() {
                        for (number, (location, deviation)) in row.iter_mut().zip(location.iter().zip(deviation)) {
                            *number = F::of((number.f64() - location) / deviation);
                        }
                    }
                }
                Ok(rows)
            }
            Self::Classes { .. } | Self::Named { .. } => {
                let count = self.width();
                let mut all = Array2::zeros((rows.nrows(), count));
                for row in 0..rows.nrows() {
                    let label = label(rows.view(), row, count, name)?;
                    all[[row, label]] = F::one();
                }
                Ok(all)
            }
        }
    }
}

/// The class of a row, of `classes`.
fn label<F: Real>(labels: ArrayView2<'_, F>, row: usize, classes: usize, name: &str) -> Result<usize, SpecError> {
    let name = || name.to_owned();
    if labels.ncols() != 1 {
        return Err(SpecError::ConditionWidth { name: name(), expected: 1, actual: labels.ncols() });
    }
    let value = labels[[row, 0]].f64();
    if value.fract() == 0.0 && value >= 0.0 && value < classes as f64 {
        Ok(value as usize)
    } else {
        Err(SpecError::Label { name: name(), row, value, classes })
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
        let error = Condition::vector(2).encode(array![[1.0]], "c").unwrap_err().to_string();
        assert!(error.contains('2') && error.contains('1'), "{error}");
    }

    #[test]
    fn names_stand_for_columns_and_unknown_names_are_refused() {
        let names = |list: &str| list.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let condition = Condition::Named { classes: names("bird cat dog") };
        assert_eq!((condition.width(), condition.classes()), (3, Some(3)));
        // Another file may have fewer classes, and its own order.
        let numbers = condition.numbers::<f64>(&names("cat bird"), &[0, 1, 0], "c.csv").unwrap();
        assert_eq!(numbers, array![[1.0], [0.0], [1.0]]);
        let unknown = condition.numbers::<f64>(&names("cat fish"), &[0, 1], "c.csv").unwrap_err().to_string();
        for needle in ["c.csv", "row 1", "\"fish\"", "bird, cat, dog"] {
            assert!(unknown.contains(needle), "{unknown}");
        }
        assert!(condition.check().is_ok());
        assert!(Condition::Named { classes: names("a a") }.check().is_err());
        assert!(Condition::Named { classes: vec![] }.check().is_err());
    }

    #[test]
    fn vectors_are_standardized_in_f64_by_the_training_rows() {
        // Read in f32, the second column would lose its digits: its deviation is 1.
        let train = array![[0.0, 1e8 - 1.0, 7.0], [4.0, 1e8 + 1.0, 7.0]];
        let condition = Condition::standardized(train.view()).unwrap();
        let (location, deviation) = (vec![2.0, 1e8, 7.0], vec![2.0, 1.0, 1.0]);
        assert_eq!(condition, Condition::Standardized { location, deviation, names: vec![] });
        assert_eq!(condition.width(), 3);
        let encoded = condition.encode(array![[2.0, 1e8 + 3.0, 8.0]], "c").unwrap();
        assert_eq!(encoded, array![[0.0, 3.0, 1.0]]);
        assert!(condition.encode(array![[2.0, 1.0]], "c").is_err());
        assert!(condition.encode(array![[2.0, f64::NAN, 1.0]], "c").is_err());
        let text = serde_json::to_string(&condition).unwrap();
        assert_eq!(serde_json::from_str::<Condition>(&text).unwrap(), condition);
        // Of older files.
        let vector: Condition = serde_json::from_str(r#"{"vector":{"width":2}}"#).unwrap();
        assert_eq!(vector.encode(array![[3.0, 1e9]], "c").unwrap(), array![[3.0, 1e9]]);
    }

    #[test]
    fn conditions_of_hostile_files_are_refused() {
        let made = |location: &[f64], deviation: &[f64]| {
            Condition::Standardized { location: location.to_vec(), deviation: deviation.to_vec(), names: vec![] }
                .check()
        };
        assert!(made(&[1.0, -2.0], &[1.0, 3.0]).is_ok());
        for (location, deviation) in [
            (&[1.0][..], &[][..]),
            (&[0.0], &[0.0]),
            (&[0.0], &[-1.0]),
            (&[f64::NAN], &[1.0]),
            (&[0.0], &[f64::INFINITY]),
        ] {
            assert!(made(location, deviation).is_err(), "{location:?} {deviation:?}");
        }
        assert!(Condition::vector(2).named(&["a".into(), "b".into()]).check().is_ok());
        assert!(Condition::vector(2).named(&["a".into()]).check().is_err());
        assert!(Condition::vector(usize::MAX).check().is_err());
    }
}
