//! The few dense operations that layers share; all of them go through faer.

mod gemm;
mod lu;

pub use gemm::{Add, gemm};
pub use lu::{LogDet, Lu};

use faer::{MatRef, Par};
use ndarray::ArrayView2;

use crate::{LayerError, Real, Result};

/// Operations below which a second thread costs more than it brings: about 50 µs of one core.
const PARALLEL_FLOPS: usize = 1 << 22;

/// Parallelism of an operation of about `flops` operations: one thread below the size that pays for a second.
pub(crate) fn parallelism(flops: usize) -> Par {
    if flops < PARALLEL_FLOPS || rayon::current_num_threads() == 1 { Par::Seq } else { Par::rayon(0) }
}

/// A matrix as faer sees it, without a copy.
///
/// # Errors
/// [`LayerError::Layout`] where neither rows nor columns are contiguous.
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

/// Singular values of a square matrix in `f64`, largest first; empty where the iteration fails.
pub fn singular_values<F: Real>(a: ArrayView2<'_, F>) -> Vec<f64> {
    let copy = faer::Mat::from_fn(a.nrows(), a.ncols(), |i, j| a[[i, j]].f64());
    copy.singular_values().unwrap_or_default()
}

/// `max|WᵀW − I|` in `f64`.
pub fn orthonormality_residual<F: Real>(w: ArrayView2<'_, F>) -> f64 {
    let copy = faer::Mat::from_fn(w.nrows(), w.ncols(), |i, j| w[[i, j]].f64());
    let gram = copy.transpose() * &copy;
    let mut residual = 0.0_f64;
    for j in 0..gram.ncols() {
        for i in 0..gram.nrows() {
            let deviation = (gram[(i, j)] - f64::from(i == j)).abs();
            // NaN must not pass for orthonormal.
            residual = if deviation.is_nan() { f64::NAN } else { residual.max(deviation) };
        }
    }
    residual
}
