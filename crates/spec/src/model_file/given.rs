//! Conditions as the layers of a model see them.

use ndarray::{Array2, ArrayView2};
use pdmap_core::Real;

use super::model::Model;
use crate::categorical::Categories;
use crate::condition::Condition;
use crate::error::SpecError;

impl<F: Real> Model<F> {
    /// A condition as the layers see it: standardized where the model does, and codes of categories as
    /// one-hot vectors.
    pub(super) fn seen(&self, condition: ArrayView2<'_, f64>) -> Result<Array2<F>, SpecError> {
        if let Some(categories) = &self.header.categories {
            return Ok(categories.one_hot(codes(categories, condition)?.view()));
        }
        Ok(match &self.header.condition {
            Some(own @ Condition::Standardized { .. }) => own.encode(condition.to_owned(), "condition")?.mapv(F::of),
            _ => condition.mapv(F::of),
        })
    }
}

/// Codes that are given as numbers.
pub(super) fn codes(categories: &Categories, numbers: ArrayView2<'_, f64>) -> Result<Array2<u32>, SpecError> {
    let (counts, name) = (categories.counts(), || "codes of categories".to_owned());
    if numbers.ncols() != counts.len() {
        return Err(SpecError::ConditionWidth { name: name(), expected: counts.len(), actual: numbers.ncols() });
    }
    for ((row, column), &value) in numbers.indexed_iter() {
        if !(value.fract() == 0.0 && value >= 0.0 && value < counts[column] as f64) {
            return Err(SpecError::Label { name: name(), row, value, classes: counts[column] });
        }
    }
    Ok(numbers.mapv(|number| number as u32))
}
