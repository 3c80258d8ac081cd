//! Covariances from sums over rows.

use ndarray::{ArrayView2, ArrayViewMut2};
use pdmap_core::{LayerError, check};

use crate::error::Result;

/// Numbers as a square matrix.
pub(super) fn view(data: &[f64], dim: usize) -> Result<ArrayView2<'_, f64>> {
    matrix(data, dim, dim)
}

/// Numbers as a square matrix, for writing.
pub(super) fn view_mut(data: &mut [f64], dim: usize) -> Result<ArrayViewMut2<'_, f64>> {
    matrix_mut(data, dim, dim)
}

/// The first numbers as a matrix.
pub(super) fn matrix(data: &[f64], rows: usize, columns: usize) -> Result<ArrayView2<'_, f64>> {
    let found = data.get(..rows * columns).and_then(|data| ArrayView2::from_shape((rows, columns), data).ok());
    Ok(found.ok_or_else(|| unfit(rows, columns, data.len()))?)
}

/// The first numbers as a matrix, for writing.
pub(super) fn matrix_mut(data: &mut [f64], rows: usize, columns: usize) -> Result<ArrayViewMut2<'_, f64>> {
    let actual = data.len();
    let found = data.get_mut(..rows * columns).and_then(|data| ArrayViewMut2::from_shape((rows, columns), data).ok());
    Ok(found.ok_or_else(|| unfit(rows, columns, actual))?)
}

fn unfit(rows: usize, columns: usize, actual: usize) -> LayerError {
    LayerError::Shape { what: "memory of a fit", expected: vec![rows, columns], actual: vec![actual] }
}

/// The posterior covariance `(n S + Ψ)/(n + ν)` of one component, where `S` is that of the rows
/// around their mean: `sums` holds `n`, `n μ` and `Σ x_i x_j` for `i ≤ j`.
pub(super) fn shrunk(sums: &[f64], mean: &[f64], psi: ArrayView2<'_, f64>, rows: f64, out: &mut [f64]) -> Result<()> {
    let columns = mean.len();
    check::shape("prior covariance", (columns, columns), psi.dim())?;
    let (count, mut products) = (sums[0], &sums[columns + 1..]);
    let divisor = 1.0 / (count + rows);
    for i in 0..columns {
        let (own, rest) = products.split_at(columns - i);
        for (j, product) in (i..columns).zip(own) {
            let value = (product - count * mean[i] * mean[j] + psi[[i, j]]) * divisor;
            (out[i * columns + j], out[j * columns + i]) = (value, value);
        }
        products = rest;
    }
    Ok(())
}
