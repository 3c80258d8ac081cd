//! The correlation matrix of some columns.

use ndarray::{Array1, Array2, ArrayView2};
use pdmap_core::LayerError;
use pdmap_core::linalg::{Add, gemm};

use super::evenly::{SAMPLE, evenly};
use super::rounding::{of_decimals, of_storage};

/// Rows per matrix product.
const BLOCK: usize = 4096;

/// Largest unit of the last decimal, in standard deviations, that counts as rounding. A coarser
/// one makes a column discrete; it says little about dependence.
const COARSEST: f64 = 1e-4;

/// Correlations over the rows where all of the columns are finite.
pub(super) struct Correlation {
    /// Indices of the columns that vary in those rows, ascending.
    pub(super) columns: Vec<usize>,
    /// Their correlation matrix.
    pub(super) matrix: Array2<f64>,
    /// Largest error of the numbers of each column by rounding, in its standard deviations.
    pub(super) rounding: Vec<f64>,
    /// Number of those rows.
    pub(super) rows: usize,
}

/// Correlates `columns`, over at most [`SAMPLE`] evenly spaced rows.
///
/// # Errors
/// Those of the matrix product.
pub(super) fn correlation(rows: ArrayView2<'_, f64>, columns: &[usize]) -> Result<Correlation, LayerError> {
    let complete: Vec<usize> = evenly(rows.nrows(), SAMPLE)
        .filter(|&row| columns.iter().all(|&column| rows[[row, column]].is_finite()))
        .collect();
    let count = complete.len();
    let (mut kept, mut centres, mut scales, mut rounding) = (vec![], vec![], vec![], vec![]);
    for &column in columns {
        let values: Vec<f64> = complete.iter().map(|&row| rows[[row, column]]).collect();
        let Some(&first) = values.first() else { break };
        // Relative to the first value, so that a large offset costs no digits.
        let mean = first + values.iter().map(|value| value - first).sum::<f64>() / count as f64;
        // Relative to the largest one, so that squares neither overflow nor vanish.
        let largest = values.iter().fold(0.0f64, |largest, value| largest.max((value - mean).abs()));
        if largest <= 0.0 || !largest.is_finite() {
            continue;
        }
        let variance = values.iter().map(|value| ((value - mean) / largest).powi(2)).sum::<f64>() / count as f64;
        let scale = largest * variance.sqrt();
        let storage = of_storage(values.iter().copied());
        let decimals = of_decimals(&values, storage).filter(|unit| *unit <= COARSEST * scale);
        kept.push(column);
        centres.push(mean);
        scales.push(scale);
        rounding.push(storage.max(0.5 * decimals.unwrap_or(0.0)) / scale);
    }
    let dim = kept.len();
    let mut sum = Array2::zeros((dim, dim));
    for block in complete.chunks(BLOCK) {
        let scaled = Array2::from_shape_fn((block.len(), dim), |(row, at)| {
            (rows[[block[row], kept[at]]] - centres[at]) / scales[at]
        });
        gemm(1.0 / count as f64, scaled.t(), scaled.view(), Add::Yes, sum.view_mut())?;
    }
    // The diagonal is 1 up to rounding; this makes it exact.
    let deviations: Array1<f64> = sum.diag().mapv(f64::sqrt);
    let matrix = Array2::from_shape_fn((dim, dim), |(i, j)| sum[[i, j]] / (deviations[i] * deviations[j]));
    Ok(Correlation { columns: kept, matrix, rounding, rows: count })
}
