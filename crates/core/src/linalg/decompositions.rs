//! Orthonormal factor, singular value decomposition and eigenvectors, in `f64` on one thread: they are needed
//! when a model is built or inspected, and their bits must not depend on the number of threads.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::linalg::householder::{
    apply_block_householder_sequence_on_the_left_in_place_scratch as apply_scratch,
    apply_block_householder_sequence_on_the_left_in_place_with_conj as apply_householder,
};
use faer::linalg::qr::no_pivoting::factor::{qr_in_place, qr_in_place_scratch, recommended_block_size};
use faer::linalg::svd::{ComputeSvdVectors, svd_scratch};
use faer::{Conj, Mat, Par};
use ndarray::{Array1, Array2, ArrayView2};

use crate::{LayerError, Real, Result, check};

/// The orthonormal factor of `A = Q R`, with the signs that make the diagonal of `R` positive.
///
/// # Errors
/// A matrix that is not square.
pub fn orthonormal_factor(a: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
    let dim = a.nrows();
    check::shape("square matrix", (dim, dim), a.dim())?;
    if dim == 0 {
        return Ok(Array2::zeros((0, 0)));
    }
    let mut factors = Mat::from_fn(dim, dim, |i, j| a[[i, j]]);
    let block = recommended_block_size::<f64>(dim, dim);
    let mut coefficients = Mat::zeros(block, dim);
    let scratch = qr_in_place_scratch::<f64>(dim, dim, block, Par::Seq, Default::default());
    let mut memory = MemBuffer::new(scratch.or(apply_scratch::<f64>(dim, block, dim)));
    qr_in_place(factors.as_mut(), coefficients.as_mut(), Par::Seq, MemStack::new(&mut memory), Default::default());
    let mut q = Mat::<f64>::identity(dim, dim);
    apply_householder(
        factors.as_ref(),
        coefficients.as_ref(),
        Conj::No,
        q.as_mut(),
        Par::Seq,
        MemStack::new(&mut memory),
    );
    crate::parallel::clean_registers();
    Ok(Array2::from_shape_fn((dim, dim), |(i, j)| if factors[(j, j)] < 0.0 { -q[(i, j)] } else { q[(i, j)] }))
}

/// Singular values of a square matrix, largest first; empty if the iteration fails.
pub fn singular_values<F: Real>(a: ArrayView2<'_, F>) -> Vec<f64> {
    singular_values_of(a.mapv(F::f64).view())
}

fn singular_values_of(a: ArrayView2<'_, f64>) -> Vec<f64> {
    svd(a, false, false).map_or_else(Vec::new, |svd| svd.values)
}

/// A thin singular value decomposition `A = U diag(values) Vᵀ`.
#[derive(Debug, Clone)]
pub struct Svd {
    /// Singular values, largest first.
    pub values: Vec<f64>,
    /// Left singular vectors as columns, if requested.
    pub u: Option<Array2<f64>>,
    /// Right singular vectors as columns, if requested.
    pub v: Option<Array2<f64>>,
}

/// The singular values of a matrix, and the vectors that are requested; none if the iteration fails.
pub fn svd(a: ArrayView2<'_, f64>, left: bool, right: bool) -> Option<Svd> {
    let (rows, columns) = a.dim();
    let size = rows.min(columns);
    let copy = Mat::from_fn(rows, columns, |i, j| a[[i, j]]);
    let compute = |wanted| if wanted { ComputeSvdVectors::Thin } else { ComputeSvdVectors::No };
    let mut values = faer::Col::<f64>::zeros(size);
    let vectors = |wanted: bool, length: usize| wanted.then(|| Mat::<f64>::zeros(length, size));
    let (mut u, mut v) = (vectors(left, rows), vectors(right, columns));
    let scratch = svd_scratch::<f64>(rows, columns, compute(left), compute(right), Par::Seq, Default::default());
    let result = faer::linalg::svd::svd(
        copy.as_ref(),
        values.as_mut().as_diagonal_mut(),
        u.as_mut().map(Mat::as_mut),
        v.as_mut().map(Mat::as_mut),
        Par::Seq,
        MemStack::new(&mut MemBuffer::new(scratch)),
        Default::default(),
    );
    crate::parallel::clean_registers();
    result.ok()?;
    let array = |vectors: Mat<f64>| Array2::from_shape_fn(vectors.shape(), |(i, j)| vectors[(i, j)]);
    Some(Svd { values: values.iter().copied().collect(), u: u.map(array), v: v.map(array) })
}

/// Eigenvalues of a symmetric matrix, largest first, and its eigenvectors as columns. Only the
/// lower triangle is read.
///
/// # Errors
/// A matrix that is not square or not finite; [`LayerError::Singular`] if the iteration fails.
pub fn symmetric_eigen(a: ArrayView2<'_, f64>) -> Result<(Array1<f64>, Array2<f64>)> {
    let dim = a.nrows();
    check::shape("symmetric matrix", (dim, dim), a.dim())?;
    check::finite("symmetric matrix", a)?;
    if dim == 0 {
        return Ok((Array1::zeros(0), Array2::zeros((0, 0))));
    }
    let copy = Mat::from_fn(dim, dim, |i, j| a[[i, j]]);
    let (mut values, mut vectors) = (faer::Col::<f64>::zeros(dim), Mat::<f64>::zeros(dim, dim));
    let scratch = self_adjoint_evd_scratch::<f64>(dim, ComputeEigenvectors::Yes, Par::Seq, Default::default());
    let result = self_adjoint_evd(
        copy.as_ref(),
        values.as_mut().as_diagonal_mut(),
        Some(vectors.as_mut()),
        Par::Seq,
        MemStack::new(&mut MemBuffer::new(scratch)),
        Default::default(),
    );
    crate::parallel::clean_registers();
    result.map_err(|_| LayerError::Singular { dim, pivot: 0, value: f64::NAN })?;
    // faer returns the smallest eigenvalue first.
    let values = Array1::from_shape_fn(dim, |i| values[dim - 1 - i]);
    Ok((values, Array2::from_shape_fn((dim, dim), |(i, j)| vectors[(i, dim - 1 - j)])))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn two_by_two() {
        let a = array![[2.0, 1.0], [1.0, 2.0]];
        let (values, vectors) = symmetric_eigen(a.view()).unwrap();
        let rebuilt = vectors.dot(&Array2::from_diag(&values)).dot(&vectors.t());
        assert!((values[0] - 3.0).abs() < 1e-14 && (values[1] - 1.0).abs() < 1e-14, "{values}");
        assert!((rebuilt - &a).iter().all(|d: &f64| d.abs() < 1e-14));
        let singular = singular_values(array![[0.0, -3.0], [2.0, 0.0]].view());
        assert!((singular[0] - 3.0).abs() < 1e-14 && (singular[1] - 2.0).abs() < 1e-14, "{singular:?}");
        // Q of [[0, -3], [2, 0]] with R = diag(2, 3).
        let q = orthonormal_factor(array![[0.0, -3.0], [2.0, 0.0]].view()).unwrap();
        assert!((q - array![[0.0, -1.0], [1.0, 0.0]]).iter().all(|d: &f64| d.abs() < 1e-14));
    }

    #[test]
    fn empty_and_unfit_matrices() {
        let none = Array2::<f64>::zeros((0, 0));
        assert_eq!(orthonormal_factor(none.view()).unwrap().dim(), (0, 0));
        assert_eq!(symmetric_eigen(none.view()).unwrap().0.len(), 0);
        assert!(singular_values(none.view()).is_empty());
        let wide = Array2::<f64>::zeros((2, 3));
        assert!(orthonormal_factor(wide.view()).is_err() && symmetric_eigen(wide.view()).is_err());
        assert!(symmetric_eigen(array![[f64::NAN]].view()).is_err());
    }
}
