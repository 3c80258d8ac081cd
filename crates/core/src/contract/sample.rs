//! Training rows mapped through a flow under construction.

use ndarray::Array2;

use super::{Input, Layer, LayerExt};
use crate::{Real, Result};

/// Some training rows, mapped through the layers before the one being built. The mapping is lazy,
/// because most kinds of layers do not use the rows.
#[derive(Debug, Clone)]
pub struct Sample<F: Real> {
    rows: Array2<F>,
    condition: Option<Array2<F>>,
    /// How often each row counts.
    weights: Option<Vec<f64>>,
    /// Number of layers that the rows have passed.
    passed: usize,
}

impl<F: Real> Sample<F> {
    /// Rows as they enter the flow, `[rows, features]`; may be empty.
    pub fn new(rows: Array2<F>) -> Self {
        Self { rows, condition: None, weights: None, passed: 0 }
    }

    /// Other numbers in place of these rows, with the same conditions and weights.
    #[must_use]
    pub fn with(&self, rows: Array2<F>) -> Self {
        Self { rows, condition: self.condition.clone(), weights: self.weights.clone(), passed: 0 }
    }

    /// The same rows with a condition, one row of it for each.
    #[must_use]
    pub fn given(self, condition: Option<Array2<F>>) -> Self {
        Self { condition, ..self }
    }

    /// The same rows, of which each counts as often as its weight says; one weight for each row.
    #[must_use]
    pub fn weighted(self, weights: Option<Vec<f64>>) -> Self {
        Self { weights, ..self }
    }

    /// How often each row counts; once without weights.
    pub fn weights(&self) -> Option<&[f64]> {
        self.weights.as_deref()
    }

    /// The condition.
    pub fn condition(&self) -> Option<&Array2<F>> {
        self.condition.as_ref()
    }

    /// The rows as they leave `before`, the list of all layers so far.
    ///
    /// # Errors
    /// Those of the layers.
    pub fn behind(&mut self, before: &[Box<dyn Layer<F>>]) -> Result<&Array2<F>> {
        for layer in before.iter().skip(self.passed) {
            let input = Input { condition: self.condition.as_ref().map(|given| given.view()), ..(&self.rows).into() };
            self.rows = layer.transform(input)?.0;
            self.passed += 1;
        }
        Ok(&self.rows)
    }
}
