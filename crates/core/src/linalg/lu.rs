//! LU factorization with partial pivoting: log-determinant with sign, solves and inverses for
//! batches of rows.

use faer::perm::PermRef;
use faer::{MatMut, MatRef};
use ndarray::{Array2, ArrayView2, ArrayViewMut2};
use rayon::prelude::*;

use super::kernels::{Factorize, Solve, SolveTriangular, ToFactorize};
use super::memory::Memory;
use super::parts;
use crate::{LayerError, Real, Result, check};

/// `log|det W|` in nats, and the sign of the determinant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogDet {
    /// `log|det W|` in nats.
    pub log_abs: f64,
    /// Whether `det W < 0`.
    pub negative: bool,
}

/// `P Wᵀ = L U` for a square row-major matrix `W`. (Row-major `W` is column-major `Wᵀ`, the layout
/// that the factorization expects; the methods below are stated for `W`.)
///
/// [`refactor`](Self::refactor) and [`solve_transposed_into`](Self::solve_transposed_into) allocate
/// nothing once their buffers are large enough.
#[derive(Debug, Clone)]
pub struct Lu<F> {
    dim: usize,
    factors: Vec<F>,
    /// Row `i` of `P Wᵀ` is row `forward[i]` of `Wᵀ`; `backward` is the inverse permutation.
    forward: Vec<usize>,
    backward: Vec<usize>,
    log_det: LogDet,
    memory: Memory,
}

impl<F: Real> Default for Lu<F> {
    /// The factorization of the 0×0 matrix: buffers for [`refactor`](Self::refactor).
    fn default() -> Self {
        let log_det = LogDet { log_abs: 0.0, negative: false };
        let memory = Memory::default();
        Self { dim: 0, factors: vec![], forward: vec![], backward: vec![], log_det, memory }
    }
}

impl<F: Real> Lu<F> {
    /// Converts `W` to `F` and factorizes it.
    ///
    /// # Errors
    /// [`LayerError::Shape`] for a matrix that is not square, [`LayerError::Singular`] for a zero
    /// or non-finite pivot.
    pub fn new<G: Real>(w: ArrayView2<'_, G>) -> Result<Self> {
        let mut lu = Self::default();
        lu.refactor_matrix(w)?;
        Ok(lu)
    }

    /// Factorizes the row-major matrix `W` given in `factors`, in place.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn of_factors(dim: usize, factors: Vec<F>) -> Result<Self> {
        check::shape("elements of a square matrix", (1, dim * dim), (1, factors.len()))?;
        let mut lu = Self { factors, ..Self::default() };
        lu.refactor(dim, |_| {})?;
        Ok(lu)
    }

    /// Converts `W` to `F` and factorizes it in the memory of this factorization.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn refactor_matrix<G: Real>(&mut self, w: ArrayView2<'_, G>) -> Result<LogDet> {
        let dim = w.nrows();
        check::shape("square matrix", (dim, dim), w.dim())?;
        self.refactor(dim, |factors| {
            factors.iter_mut().zip(&w).for_each(|(factor, value)| *factor = F::of(value.f64()));
        })
    }

    /// Factorizes the row-major matrix `W` of side `dim` that `fill` writes, in the memory of this
    /// factorization. `fill` finds arbitrary numbers there.
    ///
    /// # Errors
    /// [`LayerError::Singular`] for a zero or non-finite pivot; solves are then meaningless until
    /// the next factorization.
    pub fn refactor(&mut self, dim: usize, fill: impl FnOnce(&mut [F])) -> Result<LogDet> {
        self.dim = dim;
        self.factors.resize(dim * dim, F::zero());
        self.forward.resize(dim, 0);
        self.backward.resize(dim, 0);
        fill(&mut self.factors);
        let mut transpositions = 0;
        let given = ToFactorize {
            matrix: &mut self.factors,
            permutation: [&mut self.forward, &mut self.backward],
            transpositions: &mut transpositions,
            memory: &mut self.memory,
        };
        F::run(&Factorize, given);
        crate::parallel::clean_registers();
        let mut negative = transpositions % 2 == 1;
        let mut log_abs = 0.0;
        for pivot in 0..dim {
            let value = self.factors[pivot * dim + pivot].f64();
            if value == 0.0 || !value.is_finite() {
                return Err(LayerError::Singular { dim, pivot, value });
            }
            negative ^= value < 0.0;
            log_abs += value.abs().ln();
        }
        self.log_det = LogDet { log_abs, negative };
        Ok(self.log_det)
    }

    /// `log|det W|` and its sign.
    pub fn log_det(&self) -> LogDet {
        self.log_det
    }

    /// Replaces each row `r` of `rows` by `W⁻¹ r`.
    ///
    /// # Errors
    /// [`LayerError::Features`], [`LayerError::Layout`].
    pub fn solve_rows(&self, rows: ArrayViewMut2<'_, F>) -> Result<()> {
        self.solve_columns(rows, true)
    }

    /// Replaces each row `r` of `rows` by `W⁻ᵀ r`.
    ///
    /// # Errors
    /// [`LayerError::Features`], [`LayerError::Layout`].
    pub fn solve_rows_transposed(&self, rows: ArrayViewMut2<'_, F>) -> Result<()> {
        self.solve_columns(rows, false)
    }

    /// `B ← W⁻¹ B` for a row-major `[dim, k]` matrix.
    ///
    /// # Errors
    /// [`LayerError::Shape`], [`LayerError::Layout`].
    pub fn solve_left(&self, mut b: ArrayViewMut2<'_, F>) -> Result<()> {
        let (dim, count) = b.dim();
        check::shape("right-hand side", (self.dim, count), (dim, count))?;
        let data = check::slice_mut("right-hand side", &mut b)?;
        if data.is_empty() {
            return Ok(());
        }
        self.solve(MatMut::from_row_major_slice_mut(data, dim, count), true);
        Ok(())
    }

    /// `W⁻ᵀ`, row-major.
    ///
    /// # Errors
    /// None beyond those of the factorization.
    pub fn inverse_transposed(&self) -> Result<Array2<F>> {
        let mut inverse = Array2::zeros((self.dim, self.dim));
        self.inverse_transposed_into(inverse.view_mut())?;
        Ok(inverse)
    }

    /// `out ← W⁻ᵀ`, row-major; allocates nothing.
    ///
    /// # Errors
    /// [`LayerError::Shape`], [`LayerError::Layout`].
    pub fn inverse_transposed_into(&self, mut out: ArrayViewMut2<'_, F>) -> Result<()> {
        check::shape("inverse", (self.dim, self.dim), out.dim())?;
        // P applied to the identity.
        out.fill(F::zero());
        for (row, &column) in self.forward.iter().enumerate() {
            out[[row, column]] = F::one();
        }
        self.solve_permuted(out)
    }

    /// `out ← W⁻ᵀ S B` for a row-major `[dim, k]` matrix `B` and `S = diag(scale(row))`; `B` is
    /// converted to `F` first. Allocates nothing.
    ///
    /// # Errors
    /// [`LayerError::Shape`], [`LayerError::Layout`].
    pub fn solve_transposed_into<G: Real>(
        &self,
        b: ArrayView2<'_, G>,
        scale: impl Fn(usize) -> f64,
        mut out: ArrayViewMut2<'_, F>,
    ) -> Result<()> {
        let (rows, count) = b.dim();
        check::shape("right-hand side", (self.dim, count), (rows, count))?;
        check::shape("solution", b.dim(), out.dim())?;
        for (mut out, &from) in out.rows_mut().into_iter().zip(&self.forward) {
            let scale = scale(from);
            out.zip_mut_with(&b.row(from), |out, &value| *out = F::of(scale * value.f64()));
        }
        self.solve_permuted(out)
    }

    /// `B ← U⁻¹ L⁻¹ B` for a row-major matrix.
    fn solve_permuted(&self, mut b: ArrayViewMut2<'_, F>) -> Result<()> {
        let (dim, count) = b.dim();
        let data = check::slice_mut("right-hand side", &mut b)?;
        if data.is_empty() {
            return Ok(());
        }
        let lu = MatRef::from_column_major_slice(&self.factors, dim, dim);
        let part = |part: MatMut<'_, F>| {
            F::run(&SolveTriangular, (lu, part));
            crate::parallel::clean_registers();
        };
        let columns = MatMut::from_row_major_slice_mut(data, dim, count);
        match parts(2 * dim * dim * count, count) {
            1 => part(columns),
            parts => columns.par_col_partition_mut(parts).for_each(part),
        }
        Ok(())
    }

    fn solve_columns(&self, mut rows: ArrayViewMut2<'_, F>, transposed: bool) -> Result<()> {
        let (count, dim) = rows.dim();
        check::features("rows to solve for", self.dim, dim)?;
        let data = check::slice_mut("rows to solve for", &mut rows)?;
        if !data.is_empty() {
            self.solve(MatMut::from_column_major_slice_mut(data, dim, count), transposed);
        }
        Ok(())
    }

    /// Solves with the factorized `Wᵀ`, or with its transpose `W`, for each column. A large batch
    /// is split into parts that depend on its size.
    fn solve(&self, columns: MatMut<'_, F>, transposed: bool) {
        let count = columns.ncols();
        match parts(2 * self.dim * self.dim * count, count) {
            1 => self.solve_part(columns, transposed),
            parts => columns.par_col_partition_mut(parts).for_each(|part| self.solve_part(part, transposed)),
        }
    }

    fn solve_part(&self, columns: MatMut<'_, F>, transposed: bool) {
        let lu = MatRef::from_column_major_slice(&self.factors, self.dim, self.dim);
        let permutation = PermRef::new_checked(&self.forward, &self.backward, self.dim);
        F::run(&Solve { transposed }, (lu, permutation, columns));
        crate::parallel::clean_registers();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use ndarray::{Array2, array};

    use super::Lu;

    #[test]
    fn one_factorization_serves_matrices_of_any_side() {
        let mut lu = Lu::<f64>::default();
        // A cycle of three is even; an exchange is odd, and so is one negative entry.
        let cycle = array![[0.0, 2.0, 0.0], [0.0, 0.0, 3.0], [4.0, 0.0, 0.0]];
        let log_det = lu.refactor_matrix(cycle.view()).unwrap();
        assert!(!log_det.negative && (log_det.log_abs - 24f64.ln()).abs() < 1e-14, "{log_det:?}");
        assert!(lu.refactor_matrix(array![[0.0, 2.0], [1.0, 0.0]].view()).unwrap().negative);
        assert!(!lu.refactor_matrix(array![[0.0, -2.0], [1.0, 0.0]].view()).unwrap().negative);
        assert!(lu.refactor_matrix(array![[-1.0]].view()).unwrap().negative);
        assert!(lu.refactor_matrix(array![[1.0, 2.0], [2.0, 4.0]].view()).is_err());
        assert_eq!(lu.refactor_matrix(Array2::<f64>::zeros((0, 0)).view()).unwrap().log_abs, 0.0);
    }

    #[test]
    fn transposed_solves_of_rows_that_are_scaled_on_the_way() {
        let w = array![[1.0, 2.0, -1.0], [4.0, 1.0, 0.5], [-2.0, 0.5, 3.0]];
        let b = array![[1.0, -1.0], [2.0, 0.0], [3.0, 5.0]];
        let lu = Lu::<f64>::new(w.view()).unwrap();
        let mut x = Array2::zeros((3, 2));
        lu.solve_transposed_into(b.view(), |row| [2.0, 1.0, 0.5][row], x.view_mut()).unwrap();
        let back = w.t().dot(&x) - array![[2.0, -2.0], [2.0, 0.0], [1.5, 2.5]];
        assert!(back.iter().all(|d| d.abs() < 1e-14), "{back}");
        let identity = lu.inverse_transposed().unwrap().t().dot(&w) - Array2::<f64>::eye(3);
        assert!(identity.iter().all(|d| d.abs() < 1e-14), "{identity}");
    }
}
