//! Motion on O(D): Cayley steps and re-centring.

use ndarray::{Array2, ArrayView2, ArrayViewMut2};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::linalg::{Add, Lu, gemm};
use crate::{Real, Result, check};

/// Orthonormal weights keep `max|WᵀW − I| ≤ ORTHONORMALITY · ε` however many steps are taken.
pub const ORTHONORMALITY: f64 = 32.0;

/// Updates between two re-centrings. Rounding of Cayley steps adds up like a random walk; sixteen of them stay well below
/// [`ORTHONORMALITY`], and one Newton–Schulz step (two products) in sixteen solves is a tenth of their cost.
pub const RECENTRE_EVERY: u32 = 16;

/// Strict lower triangle, row by row, of the skew part of `mean · sum`: the direction `A = (E − Eᵀ)/2` on O(D), whose
/// `D(D−1)/2` free entries are what an optimizer sees.
pub(super) fn pack_skew<F: Real>(sum: ArrayView2<'_, F>, mean: F, packed: &mut Vec<F>) {
    let half = mean * F::of(0.5);
    packed.clear();
    for i in 1..sum.nrows() {
        packed.extend((0..i).map(|j| half * (sum[[i, j]] - sum[[j, i]])));
    }
}

/// `W ← cayley(A) W` with `cayley(A) = (I − A/2)⁻¹(I + A/2)`, for the skew matrix `A` whose strict lower triangle is
/// given row by row. Exactly orthonormal in exact arithmetic, whatever the size of `A`.
///
/// Computed as `2 (I − A/2)⁻¹ W − W`; the singular values of `I − A/2` are at least 1, so the solve is well conditioned.
///
/// # Errors
/// [`crate::LayerError::Shape`] where `packed` is not `D(D−1)/2` long; [`crate::LayerError::Singular`] where it is not finite.
pub fn cayley<F: Real>(packed: &[F], w: &mut Array2<F>, scratch: &mut Vec<F>) -> Result<()> {
    let dim = w.nrows();
    check::shape("strict lower triangle", (1, dim * dim.saturating_sub(1) / 2), (1, packed.len()))?;
    let half = F::of(0.5);
    let mut system = vec![F::zero(); dim * dim];
    let mut entries = packed.iter();
    for i in 0..dim {
        system[i * dim + i] = F::one();
        for (j, &a) in (0..i).zip(&mut entries) {
            system[i * dim + j] = -half * a;
            system[j * dim + i] = half * a;
        }
    }
    let lu = Lu::of_factors(dim, system)?;
    scratch.clear();
    scratch.extend(w.iter().copied());
    lu.solve_left(w.view_mut())?;
    w.iter_mut().zip(&*scratch).for_each(|(w, &old)| *w = *w + *w - old);
    Ok(())
}

/// One Newton–Schulz step `W ← W − ½ W (WᵀW − I)`: from a distance `r` of O(D) to one of order `r²`, so that a matrix that
/// is orthonormal but for rounding becomes orthonormal to rounding. Not a way to reach O(D) from afar.
///
/// # Errors
/// None for a square matrix.
pub fn recentre<F: Real>(w: &mut Array2<F>, scratch: &mut Vec<F>) -> Result<()> {
    let dim = w.nrows();
    super::general::grow(scratch, 2 * dim * dim);
    let (gram, correction) = scratch.split_at_mut(dim * dim);
    gemm(F::one(), w.t(), w.view(), Add::No, super::outer_sum::view_mut(gram, dim, dim))?;
    gram.iter_mut().step_by(dim + 1).for_each(|diagonal| *diagonal -= F::one());
    let correction: ArrayViewMut2<'_, F> = super::outer_sum::view_mut(correction, dim, dim);
    let gram = super::outer_sum::view(gram, dim, dim);
    gemm(F::of(-0.5), w.view(), gram, Add::No, correction)?;
    crate::parallel::add(check::slice_mut("weight", &mut w.view_mut())?, &scratch[dim * dim..2 * dim * dim]);
    Ok(())
}

/// A matrix drawn from the Haar measure on O(D): the Q of a Gaussian matrix, each column with the sign that makes the
/// diagonal of R positive (Mezzadri 2007).
pub fn haar<F: Real>(dim: usize, rng: &mut dyn Rng) -> Array2<F> {
    let gaussian = Array2::from_shape_simple_fn((dim, dim), || {
        let value: f64 = StandardNormal.sample(rng);
        value
    });
    let gaussian = faer::Mat::from_fn(dim, dim, |i, j| gaussian[[i, j]]);
    let qr = gaussian.qr();
    let (q, r) = (qr.compute_Q(), qr.R().to_owned());
    let mut w = Array2::from_shape_fn((dim, dim), |(i, j)| {
        F::of(if r[(j, j)] < 0.0 { -q[(i, j)] } else { q[(i, j)] })
    });
    // Rounding to F is a distance of ε from O(D): near enough for one step.
    if recentre(&mut w, &mut Vec::new()).is_err() {
        unreachable!("a square matrix");
    }
    w
}
