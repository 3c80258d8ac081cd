//! Cholesky factorization in `f64` on one thread: covariances, and the factors of their inverses.

use faer::linalg::cholesky::llt::factor::{LltError, cholesky_in_place, cholesky_in_place_scratch};
use faer::linalg::triangular_inverse::invert_lower_triangular;
use faer::{MatMut, MatRef, Par};
use ndarray::{ArrayView2, ArrayViewMut2};

use super::memory::Memory;
use crate::{LayerError, Result, check};

/// `A = C Cᵀ` for a symmetric positive-definite matrix `A`, with `C` lower triangular and a positive
/// diagonal.
///
/// [`refactor`](Self::refactor) and [`inverse_into`](Self::inverse_into) allocate nothing once
/// their buffers are large enough.
#[derive(Debug, Clone, Default)]
pub struct Cholesky {
    dim: usize,
    /// `C` in column-major order; what is above the diagonal is meaningless.
    factor: Vec<f64>,
    memory: Memory,
}

impl Cholesky {
    /// Factorizes `A`.
    ///
    /// # Errors
    /// [`LayerError::Shape`] for a matrix that is not square, [`LayerError::Singular`] for one that
    /// is not positive definite.
    pub fn new(a: ArrayView2<'_, f64>) -> Result<Self> {
        let mut own = Self::default();
        let dim = a.nrows();
        check::shape("square matrix", (dim, dim), a.dim())?;
        own.refactor(dim, |to| to.iter_mut().zip(&a).for_each(|(to, &value)| *to = value))?;
        Ok(own)
    }

    /// Factorizes the symmetric matrix of side `dim` that `fill` writes, in the memory of this
    /// factorization. `fill` finds arbitrary numbers there.
    ///
    /// # Errors
    /// [`LayerError::Singular`] for a pivot that is not positive; nothing else is meaningful then.
    pub fn refactor(&mut self, dim: usize, fill: impl FnOnce(&mut [f64])) -> Result<()> {
        self.dim = dim;
        self.factor.resize(dim * dim, 0.0);
        fill(&mut self.factor);
        if dim == 0 {
            return Ok(());
        }
        let need = cholesky_in_place_scratch::<f64>(dim, Par::Seq, Default::default());
        let matrix = MatMut::from_column_major_slice_mut(&mut self.factor, dim, dim);
        let stack = self.memory.stack(need);
        let result = cholesky_in_place(matrix, Default::default(), Par::Seq, stack, Default::default());
        crate::parallel::clean_registers();
        let failed = match result {
            Err(LltError::NonPositivePivot { index }) => Some(index),
            // NaN passes for a positive pivot.
            Ok(_) => (0..dim).find(|&pivot| !self.diagonal(pivot).is_finite()),
        };
        match failed {
            Some(pivot) => Err(LayerError::Singular { dim, pivot, value: self.diagonal(pivot) }),
            None => Ok(()),
        }
    }

    fn diagonal(&self, pivot: usize) -> f64 {
        self.factor.get(pivot * (self.dim + 1)).copied().unwrap_or(f64::NAN)
    }

    /// `log det A`.
    pub fn log_det(&self) -> f64 {
        2.0 * (0..self.dim).map(|pivot| self.diagonal(pivot).ln()).sum::<f64>()
    }

    /// `out ← C`, row-major, zero above the diagonal.
    ///
    /// # Errors
    /// [`LayerError::Shape`].
    pub fn factor_into(&self, mut out: ArrayViewMut2<'_, f64>) -> Result<()> {
        check::shape("Cholesky factor", (self.dim, self.dim), out.dim())?;
        for ((row, column), out) in out.indexed_iter_mut() {
            *out = if column <= row { self.factor[column * self.dim + row] } else { 0.0 };
        }
        Ok(())
    }

    /// `out ← C⁻¹`, row-major, zero above the diagonal: `A⁻¹ = C⁻ᵀ C⁻¹`.
    ///
    /// # Errors
    /// [`LayerError::Shape`], [`LayerError::Layout`].
    pub fn inverse_into(&self, mut out: ArrayViewMut2<'_, f64>) -> Result<()> {
        let dim = self.dim;
        check::shape("inverse of a Cholesky factor", (dim, dim), out.dim())?;
        let out = check::slice_mut("inverse of a Cholesky factor", &mut out)?;
        out.fill(0.0);
        if dim > 0 {
            let factor = MatRef::from_column_major_slice(&self.factor, dim, dim);
            invert_lower_triangular(MatMut::from_row_major_slice_mut(out, dim, dim), factor, Par::Seq);
            crate::parallel::clean_registers();
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use ndarray::{Array2, array};

    use super::Cholesky;
    use crate::LayerError;

    #[test]
    fn factors_of_a_matrix_and_of_its_inverse() {
        let a = array![[4.0, 2.0, -2.0], [2.0, 10.0, 2.0], [-2.0, 2.0, 6.0]];
        let cholesky = Cholesky::new(a.view()).unwrap();
        let (mut c, mut inverse) = (Array2::zeros((3, 3)), Array2::ones((3, 3)));
        cholesky.factor_into(c.view_mut()).unwrap();
        cholesky.inverse_into(inverse.view_mut()).unwrap();
        assert!((c.dot(&c.t()) - &a).iter().all(|d: &f64| d.abs() < 1e-14), "{c}");
        assert!((inverse.dot(&c) - Array2::<f64>::eye(3)).iter().all(|d| d.abs() < 1e-14), "{inverse}");
        assert_eq!((c[[0, 1]], inverse[[0, 2]]), (0.0, 0.0));
        // The product of the squared diagonal.
        assert!((cholesky.log_det() - 2.0 * (c[[0, 0]] * c[[1, 1]] * c[[2, 2]]).ln()).abs() < 1e-14);
    }

    #[test]
    fn matrices_without_a_factor() {
        let singular = |a: Array2<f64>| matches!(Cholesky::new(a.view()), Err(LayerError::Singular { .. }));
        assert!(singular(array![[1.0, 2.0], [2.0, 1.0]]));
        assert!(singular(array![[0.0]]) && singular(array![[-1.0]]) && singular(array![[f64::NAN]]));
        assert!(Cholesky::new(Array2::zeros((1, 2)).view()).is_err());
        assert_eq!(Cholesky::new(Array2::zeros((0, 0)).view()).unwrap().log_det(), 0.0);
    }
}
