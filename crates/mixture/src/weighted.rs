//! Rows and how often each counts.

use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut2, Axis};
use pdmap_core::RowWeights;
use pdmap_core::linalg::{Add, gemm};

use crate::error::Result;

/// Rows `[rows, columns]`. One of weight `w` counts as `w` equal rows, in all sums over rows.
#[derive(Debug, Clone, Copy)]
pub struct WeightedRows<'a> {
    pub(crate) rows: ArrayView2<'a, f64>,
    pub(crate) weights: Option<&'a [f64]>,
}

impl<'a> WeightedRows<'a> {
    /// Rows with a weight for each; without weights each counts once.
    pub fn new(rows: ArrayView2<'a, f64>, weights: Option<&'a RowWeights>) -> Self {
        Self { rows, weights: weights.map(RowWeights::each) }
    }
}

impl<'a> From<ArrayView2<'a, f64>> for WeightedRows<'a> {
    fn from(rows: ArrayView2<'a, f64>) -> Self {
        Self { rows, weights: None }
    }
}

/// Adds `factor Σ_n w_n x_n x_nᵀ`.
pub(crate) fn add_products(
    factor: f64,
    rows: ArrayView2<'_, f64>,
    weights: Option<&[f64]>,
    sum: ArrayViewMut2<'_, f64>,
) -> Result<()> {
    match weights {
        None => gemm(factor, rows.t(), rows, Add::Yes, sum)?,
        Some(weights) => {
            // Roots on both sides keep the sum symmetric to the last bit.
            let roots = Array1::from_iter(weights.iter().map(|weight| weight.sqrt()));
            let weighted: Array2<f64> = &rows * &roots.insert_axis(Axis(1));
            gemm(factor, weighted.t(), weighted.view(), Add::Yes, sum)?;
        }
    }
    Ok(())
}
