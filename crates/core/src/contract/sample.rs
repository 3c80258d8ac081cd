//! Training rows on their way through a flow that is being built.

use ndarray::Array2;

use super::{Input, Layer, LayerExt};
use crate::{Real, Result};

/// Some training rows, mapped through the layers that stand before the one that is being made. They are mapped when they are asked for: most
/// kinds of layers never ask.
#[derive(Debug, Clone)]
pub struct Sample<F: Real> {
    rows: Array2<F>,
    condition: Option<Array2<F>>,
    /// Layers that the rows have passed.
    passed: usize,
}

impl<F: Real> Sample<F> {
    /// Rows as they enter the flow, `[rows, features]`; there may be none.
    pub fn new(rows: Array2<F>) -> Self {
        Self { rows, condition: None, passed: 0 }
    }

    /// The same under a condition, one row of it for each row.
    #[must_use]
    pub fn given(self, condition: Option<Array2<F>>) -> Self {
        Self { condition, ..self }
    }

    /// The condition.
    pub fn condition(&self) -> Option<&Array2<F>> {
        self.condition.as_ref()
    }

    /// The rows behind the layers `before`, all of those that stand so far.
    ///
    /// # Errors
    /// Those of the layers.
    pub fn behind(&mut self, before: &[Box<dyn Layer<F>>]) -> Result<&Array2<F>> {
        for layer in before.iter().skip(self.passed) {
            let input =
                Input { condition: self.condition.as_ref().map(|given| given.view()), ..(&self.rows).into() };
            self.rows = layer.transform(input)?.0;
            self.passed += 1;
        }
        Ok(&self.rows)
    }
}
