//! The one entry point for matrix products.

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut};
use ndarray::{ArrayView2, ArrayViewMut2};

use super::{as_faer, parallelism};
use crate::{LayerError, Real, Result, check};

/// Whether a product replaces or adds to what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Add {
    /// `C ← α A B`.
    No,
    /// `C ← C + α A B`.
    Yes,
}

/// `C ← [C +] α A B`, where `C` is row-major and `A` and `B` may be transposed views of row-major matrices.
///
/// The sum over the inner index runs in an order that does not depend on the number of threads.
///
/// # Errors
/// [`LayerError::Shape`] where the sizes do not fit, [`LayerError::Layout`] where an operand is not contiguous.
pub fn gemm<F: Real>(
    alpha: F,
    a: ArrayView2<'_, F>,
    b: ArrayView2<'_, F>,
    add: Add,
    mut c: ArrayViewMut2<'_, F>,
) -> Result<()> {
    let ((m, k), (k_b, n)) = (a.dim(), b.dim());
    check::shape("right factor of a product", (k, n), (k_b, n))?;
    check::shape("result of a product", (m, n), c.dim())?;
    let accumulate = if add == Add::Yes { Accum::Add } else { Accum::Replace };
    let strides = c.strides().to_vec();
    let c = c.as_slice_mut().ok_or(LayerError::Layout { what: "result of a product", strides })?;
    if m == 0 || n == 0 {
        return Ok(());
    }
    if k == 0 {
        if add == Add::No {
            c.fill(F::zero());
        }
        return Ok(());
    }
    let c = MatMut::from_row_major_slice_mut(c, m, n);
    let flops = 2 * m * n * k;
    matmul(
        c,
        accumulate,
        as_faer("left factor", &a)?,
        as_faer("right factor", &b)?,
        alpha,
        parallelism(flops),
    );
    crate::parallel::clean_registers();
    Ok(())
}
