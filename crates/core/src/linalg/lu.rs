//! LU factorization with partial pivoting: log-determinant with sign, solves and inverses of row batches.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::lu::partial_pivoting::{factor, solve};
use faer::perm::Perm;
use faer::{MatMut, MatRef, Par};
use ndarray::{Array2, ArrayView2, ArrayViewMut2};
use rayon::prelude::*;

use super::parts;
use crate::{LayerError, Real, Result, check};

/// `log|det W|` in nats, and the sign of the determinant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogDet {
    /// `log|det W|`, nats.
    pub log_abs: f64,
    /// Whether `det W < 0`.
    pub negative: bool,
}

/// `P Wᵀ = L U` of a square matrix `W`, row-major. (The transpose, because row-major `W` is column-major `Wᵀ`, which is
/// what the factorization wants; all calls below speak of `W`.)
#[derive(Debug, Clone)]
pub struct Lu<F> {
    dim: usize,
    factors: Vec<F>,
    permutation: Perm<usize>,
    log_det: LogDet,
}

impl<F: Real> Lu<F> {
    /// Factorizes `W`, converted to `F` first.
    ///
    /// # Errors
    /// [`LayerError::Shape`] for a matrix that is not square, [`LayerError::Singular`] for a zero or non-finite pivot.
    pub fn new<G: Real>(w: ArrayView2<'_, G>) -> Result<Self> {
        let dim = w.nrows();
        check::shape("square matrix", (dim, dim), w.dim())?;
        Self::of_factors(dim, w.iter().map(|&v| F::of(v.f64())).collect())
    }

    /// Factorizes the row-major matrix `W` in `factors`, in place.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn of_factors(dim: usize, mut factors: Vec<F>) -> Result<Self> {
        check::shape("elements of a square matrix", (1, dim * dim), (1, factors.len()))?;
        // One thread: a second one was measured to gain nothing up to side 784.
        let par = Par::Seq;
        let mut forward = vec![0usize; dim].into_boxed_slice();
        let mut backward = forward.clone();
        let mut memory =
            MemBuffer::new(factor::lu_in_place_scratch::<usize, F>(dim, dim, par, Default::default()));
        factor::lu_in_place(
            MatMut::from_column_major_slice_mut(&mut factors, dim, dim),
            &mut forward,
            &mut backward,
            par,
            MemStack::new(&mut memory),
            Default::default(),
        );
        crate::parallel::clean_registers();
        let mut negative = odd(&forward);
        let mut log_abs = 0.0;
        for pivot in 0..dim {
            let value = factors[pivot * dim + pivot].f64();
            if value == 0.0 || !value.is_finite() {
                return Err(LayerError::Singular { dim, pivot, value });
            }
            negative ^= value < 0.0;
            log_abs += value.abs().ln();
        }
        let permutation = Perm::new_checked(forward, backward, dim);
        Ok(Self { dim, factors, permutation, log_det: LogDet { log_abs, negative } })
    }

    /// `log|det W|` and its sign.
    pub fn log_det(&self) -> LogDet {
        self.log_det
    }

    /// Each row `r` of `rows` becomes `W⁻¹ r`.
    ///
    /// # Errors
    /// [`LayerError::Features`], [`LayerError::Layout`].
    pub fn solve_rows(&self, rows: ArrayViewMut2<'_, F>) -> Result<()> {
        self.solve_columns(rows, true)
    }

    /// Each row `r` of `rows` becomes `W⁻ᵀ r`.
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
        // Row i of W⁻ᵀ is the column i of W⁻¹: W⁻¹ applied to the unit vector i.
        let mut rows = Array2::eye(self.dim);
        self.solve_rows(rows.view_mut())?;
        Ok(rows)
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

    /// Solves with the factorized `Wᵀ`, or with its transpose `W`, for each column: a large batch in parts that depend on its size.
    fn solve(&self, columns: MatMut<'_, F>, transposed: bool) {
        let count = columns.ncols();
        match parts(2 * self.dim * self.dim * count, count) {
            1 => self.solve_part(columns, transposed),
            parts => columns.par_col_partition_mut(parts).for_each(|part| self.solve_part(part, transposed)),
        }
    }

    fn solve_part(&self, columns: MatMut<'_, F>, transposed: bool) {
        let lu = MatRef::from_column_major_slice(&self.factors, self.dim, self.dim);
        let (permutation, count) = (self.permutation.as_ref(), columns.ncols());
        let scratch = if transposed {
            solve::solve_transpose_in_place_scratch::<usize, F>(self.dim, count, Par::Seq)
        } else {
            solve::solve_in_place_scratch::<usize, F>(self.dim, count, Par::Seq)
        };
        let mut memory = MemBuffer::new(scratch);
        let stack = MemStack::new(&mut memory);
        if transposed {
            solve::solve_transpose_in_place(lu, lu, permutation, columns, Par::Seq, stack);
        } else {
            solve::solve_in_place(lu, lu, permutation, columns, Par::Seq, stack);
        }
        crate::parallel::clean_registers();
    }
}

/// Whether a permutation is odd.
fn odd(permutation: &[usize]) -> bool {
    let mut seen = vec![false; permutation.len()];
    let mut odd = false;
    for start in 0..permutation.len() {
        let mut at = permutation[start];
        if !std::mem::replace(&mut seen[start], true) {
            while at != start {
                seen[at] = true;
                at = permutation[at];
                odd = !odd;
            }
        }
    }
    odd
}
