//! Matrices as faer sees them, and the sizes of parallel parts.

use faer::MatRef;
use ndarray::ArrayView2;

use crate::{LayerError, Real, Result};

/// Operations below which a second thread costs more than it brings: about 50 µs of one core.
const PARALLEL_FLOPS: usize = 1 << 22;

/// Narrowest part of an operation that is worth a task of its own.
const PART: usize = 64;

/// Most parts that an operation is cut into.
const MOST_PARTS: usize = 16;

/// How many parts, a power of two, to cut an operation of about `flops` operations into along a side of length `length`. A
/// matter of its size alone: the number of threads must not decide about bits.
pub(crate) fn parts(flops: usize, length: usize) -> usize {
    let most = if flops < PARALLEL_FLOPS { 1 } else { MOST_PARTS.min(length / PART) };
    most.checked_ilog2().map_or(1, |log| 1 << log)
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
