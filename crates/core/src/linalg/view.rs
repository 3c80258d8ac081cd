//! Matrices as faer views, and the sizes of parallel parts.

use faer::MatRef;
use ndarray::ArrayView2;

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
        Some(slice) if a.strides() == [1, rows as isize] => Ok(MatRef::from_column_major_slice(slice, rows, columns)),
        _ => Err(LayerError::Layout { what, strides: a.strides().to_vec() }),
    }
}
