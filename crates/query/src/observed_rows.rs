//! Rows with missing cells and weights.

use ndarray::ArrayView2;
use pdmap_core::RowWeights;

/// Rows with missing cells, which are NaN, and how often each counts.
#[derive(Debug, Clone, Copy)]
pub struct ObservedRows<'a, F> {
    /// `[rows, columns]`.
    pub rows: ArrayView2<'a, F>,
    /// One for each row; without, each counts once.
    pub weights: Option<&'a RowWeights>,
}

impl<'a, F> From<ArrayView2<'a, F>> for ObservedRows<'a, F> {
    fn from(rows: ArrayView2<'a, F>) -> Self {
        Self { rows, weights: None }
    }
}
