//! Dense linear algebra shared by the layers, all of it through faer.

mod decompositions;
mod gemm;
mod lu;

pub use decompositions::{orthonormal_factor, singular_values, symmetric_eigen};
pub use gemm::{Add, gemm};
pub use lu::{LogDet, Lu};

use faer::MatRef;
use ndarray::{Array2, ArrayView2};

use crate::{LayerError, Real, Result};

/// Operations below which a second thread costs more than it gains: about 50 µs on one core.
const PARALLEL_FLOPS: usize = 1 << 22;

/// Smallest part of an operation that is worth a task of its own.
const PART: usize = 64;

/// Maximum number of parts of an operation.
const MOST_PARTS: usize = 16;

/// Number of parts, a power of two, into which to split about `flops` operations along a side of
/// length `length`. It depends on sizes alone, so the number of threads does not affect any bits.
pub(crate) fn parts(flops: usize, length: usize) -> usize {
    let most = if flops < PARALLEL_FLOPS { 1 } else { MOST_PARTS.min(length / PART) };
    most.checked_ilog2().map_or(1, |log| 1 << log)
}

/// A matrix as a faer view, without a copy.
///
/// # Errors
/// [`LayerError::Layout`] if neither rows nor columns are contiguous.
pub fn as_faer<'a, F: Real>(what: &'static str, a: &'a ArrayView2<'_, F>) -> Result<MatRef<'a, F>> {
    let (rows, columns) = a.dim();
    if let Some(slice) = a.as_slice() {
        return Ok(MatRef::from_row_major_slice(slice, rows, columns));
    }
    match a.as_slice_memory_order() {
        Some(slice) if a.strides() == [1, rows as isize] => {
            Ok(MatRef::from_column_major_slice(slice, rows, columns))
        }
        _ => Err(LayerError::Layout { what, strides: a.strides().to_vec() }),
    }
}

/// `max|WᵀW − I|` in `f64`.
pub fn orthonormality_residual<F: Real>(w: ArrayView2<'_, F>) -> f64 {
    let wide = w.mapv(F::f64).as_standard_layout().into_owned();
    let mut gram = Array2::zeros((w.ncols(), w.ncols()));
    if gemm(1.0, wide.t(), wide.view(), Add::No, gram.view_mut()).is_err() {
        unreachable!("both factors are the same matrix");
    }
    gram.diag_mut().iter_mut().for_each(|diagonal| *diagonal -= 1.0);
    // NaN must not pass for orthonormal.
    let larger = |worst: f64, &value: &f64| {
        if worst.is_nan() || value.is_nan() { f64::NAN } else { worst.max(value.abs()) }
    };
    gram.iter().fold(0.0, larger)
}
