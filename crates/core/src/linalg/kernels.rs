//! The calls of faer, compiled here once for each scalar. faer is generic: called from generic code,
//! it would be compiled again in every crate that builds a flow.

use faer::linalg::lu::partial_pivoting::{factor, solve};
use faer::linalg::matmul::matmul;
use faer::linalg::triangular_solve::{solve_unit_lower_triangular_in_place, solve_upper_triangular_in_place};
use faer::perm::PermRef;
use faer::reborrow::ReborrowMut;
use faer::{Accum, MatMut, MatRef, Par};

use super::memory::Memory;
use crate::Real;

/// `C ← [C +] α A B`.
pub(crate) struct Product;

crate::kernel!(
    Product,
    (MatMut<'a, F>, Accum, MatRef<'a, F>, MatRef<'a, F>, F),
    |_this, (c, accumulate, a, b, alpha)| matmul(c, accumulate, a, b, alpha, Par::Seq)
);

/// What a factorization in place works on.
pub(super) struct ToFactorize<'a, F> {
    /// The column-major matrix.
    pub(super) matrix: &'a mut [F],
    /// The row permutation and its inverse.
    pub(super) permutation: [&'a mut [usize]; 2],
    /// Receives the number of transpositions.
    pub(super) transpositions: &'a mut usize,
    pub(super) memory: &'a mut Memory,
}

/// Factorization in place.
pub(super) struct Factorize;

crate::kernel!(Factorize, ToFactorize<'a, F>, |_this, given| factorize(given));

fn factorize<F: Real>(given: ToFactorize<'_, F>) {
    let ToFactorize { matrix, permutation: [forward, backward], transpositions, memory } = given;
    // One thread: a second one was measured to gain nothing up to side 784.
    let (dim, par) = (forward.len(), Par::Seq);
    let need = factor::lu_in_place_scratch::<usize, F>(dim, dim, par, Default::default());
    let matrix = MatMut::from_column_major_slice_mut(matrix, dim, dim);
    let (info, _) = factor::lu_in_place(matrix, forward, backward, par, memory.stack(need), Default::default());
    *transpositions = info.transposition_count;
}

/// `B ← U⁻¹ L⁻¹ B`.
pub(super) struct SolveTriangular;

crate::kernel!(SolveTriangular, (MatRef<'a, F>, MatMut<'a, F>), |_this, (lu, mut b)| {
    solve_unit_lower_triangular_in_place(lu, b.rb_mut(), Par::Seq);
    solve_upper_triangular_in_place(lu, b, Par::Seq);
});

/// Solves with the factorized matrix, or with its transpose, for each column.
pub(super) struct Solve {
    pub(super) transposed: bool,
}

crate::kernel!(Solve, (MatRef<'a, F>, PermRef<'a, usize>, MatMut<'a, F>), |this, (lu, permutation, b)| solve_columns(
    this.transposed,
    lu,
    permutation,
    b
));

fn solve_columns<F: Real>(transposed: bool, lu: MatRef<'_, F>, permutation: PermRef<'_, usize>, b: MatMut<'_, F>) {
    let (dim, count, par) = (lu.nrows(), b.ncols(), Par::Seq);
    let mut memory = Memory::default();
    if transposed {
        let need = solve::solve_transpose_in_place_scratch::<usize, F>(dim, count, par);
        solve::solve_transpose_in_place(lu, lu, permutation, b, par, memory.stack(need));
    } else {
        let need = solve::solve_in_place_scratch::<usize, F>(dim, count, par);
        solve::solve_in_place(lu, lu, permutation, b, par, memory.stack(need));
    }
}
