//! Steps on O(D): Cayley transform and re-centring.

use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut2, Axis};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::contract::StepReport;
use crate::contract::{view, view_mut};
use crate::linalg::{Add, Lu, gemm, orthonormal_factor};
use crate::{Real, Result, check};

/// Orthonormal weights keep `max|WᵀW − I| ≤ ORTHONORMALITY · ε` over any number of steps.
pub const ORTHONORMALITY: f64 = 32.0;

/// Packs the strict lower triangle, row by row, of the skew part of `mean · sum`: the direction
/// `A = (E − Eᵀ)/2` on O(D). Its `D(D−1)/2` independent entries are what an optimizer sees.
pub(super) fn pack_skew<F: Real>(sum: ArrayView2<'_, F>, mean: F, packed: &mut Vec<F>) {
    let half = mean * F::of(0.5);
    packed.clear();
    for i in 1..sum.nrows() {
        packed.extend((0..i).map(|j| half * (sum[[i, j]] - sum[[j, i]])));
    }
}

/// A step with `‖A‖` above this is followed by a re-centring at once: the rounding of a Cayley step
/// is of the order of `ε·‖A‖`.
const LARGE: f64 = 8.0;

/// The outcome of limiting a step on O(D).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rotation {
    /// Number of halvings.
    pub(super) halvings: u64,
    /// Whether the step is so large that re-centring must follow at once.
    pub(super) large: bool,
}

/// Halves a step `A`, given by its strict lower triangle, until `ε·‖A‖ ≤ √ε`. One re-centring,
/// which squares the distance to O(D), then removes the rounding. (At that length `cayley(A)` is a
/// half turn to seven digits in `f64` and three in `f32`, so nothing is lost.)
///
/// # Errors
/// [`crate::LayerError::NonFinite`] for a step that is not finite; the weight is unchanged then.
pub(super) fn limit_rotation<F: Real>(packed: &mut [F]) -> Result<Rotation> {
    let column = ArrayView1::from(&*packed).insert_axis(Axis(1));
    check::finite("step on O(D)", column)?;
    let mut norm = (2.0 * crate::parallel::sum_of_squares(packed)).sqrt();
    let mut halvings = 0;
    while norm * F::EPS > F::EPS.sqrt() {
        norm *= 0.5;
        halvings += 1;
    }
    if halvings > 0 {
        let share = F::of(StepReport { halvings }.share());
        packed.iter_mut().for_each(|entry| *entry *= share);
    }
    Ok(Rotation { halvings, large: norm > LARGE })
}

/// `W ← cayley(A) W` with `cayley(A) = (I − A/2)⁻¹(I + A/2)`, for the skew matrix `A` whose strict
/// lower triangle is given row by row. In exact arithmetic the result is orthonormal for any `A`.
///
/// Computed as `W + (I − A/2)⁻¹ (A W)`, so that rounding is relative to the increment, not to `W`.
/// (`2 (I − A/2)⁻¹ W − W` saves a product, but drifted from O(D) by 2 ε per step in measurements,
/// always outwards.) The singular values of `I − A/2` are at least 1, so the solve is well
/// conditioned.
///
/// # Errors
/// [`crate::LayerError::Shape`] if `packed` does not have `D(D−1)/2` entries;
/// [`crate::LayerError::Singular`] if it is not finite.
pub fn cayley<F: Real>(packed: &[F], w: &mut Array2<F>, scratch: &mut Vec<F>) -> Result<()> {
    cayley_with(packed, w, scratch, &mut Lu::default())
}

/// [`cayley`] in the memory of `lu`. Since `(I + A/2)ᵀ = I − A/2`, a transposed solve suffices.
pub(super) fn cayley_with<F: Real>(
    packed: &[F],
    w: &mut Array2<F>,
    scratch: &mut Vec<F>,
    lu: &mut Lu<F>,
) -> Result<()> {
    let dim = w.nrows();
    check::shape("strict lower triangle", (1, dim * dim.saturating_sub(1) / 2), (1, packed.len()))?;
    let size = dim * dim;
    super::general::grow(scratch, 2 * size);
    let (skew, increment) = scratch.split_at_mut(size);
    let half = F::of(0.5);
    lu.refactor(dim, |system| {
        let mut entries = packed.iter();
        for i in 0..dim {
            (system[i * dim + i], skew[i * dim + i]) = (F::one(), F::zero());
            for (j, &a) in (0..i).zip(&mut entries) {
                (skew[i * dim + j], skew[j * dim + i]) = (a, -a);
                (system[i * dim + j], system[j * dim + i]) = (half * a, -half * a);
            }
        }
    })?;
    gemm(F::one(), view(skew, dim, dim), w.view(), Add::No, view_mut(increment, dim, dim))?;
    // A is no longer needed; the solution overwrites it.
    lu.solve_transposed_into(view(increment, dim, dim), |_| 1.0, view_mut(skew, dim, dim))?;
    crate::parallel::add(check::slice_mut("weight", &mut w.view_mut())?, skew);
    Ok(())
}

/// One Newton–Schulz step `W ← W − ½ W (WᵀW − I)`. It reduces a distance `r` to O(D) to the order
/// of `r²`, and so makes a matrix that is orthonormal up to accumulated rounding orthonormal to
/// rounding. Not suited to reach O(D) from afar.
///
/// # Errors
/// None for a square matrix.
pub fn recentre<F: Real>(w: &mut Array2<F>, scratch: &mut Vec<F>) -> Result<()> {
    let dim = w.nrows();
    super::general::grow(scratch, 2 * dim * dim);
    let (gram, correction) = scratch.split_at_mut(dim * dim);
    gemm(F::one(), w.t(), w.view(), Add::No, view_mut(gram, dim, dim))?;
    gram.iter_mut().step_by(dim + 1).for_each(|diagonal| *diagonal -= F::one());
    let correction: ArrayViewMut2<'_, F> = view_mut(correction, dim, dim);
    let gram = view(gram, dim, dim);
    gemm(F::of(-0.5), w.view(), gram, Add::No, correction)?;
    crate::parallel::add(check::slice_mut("weight", &mut w.view_mut())?, &scratch[dim * dim..2 * dim * dim]);
    Ok(())
}

/// Draws a matrix from the Haar measure on O(D): the Q of a Gaussian matrix, with the column signs
/// that make the diagonal of R positive (Mezzadri 2007).
pub fn haar<F: Real>(dim: usize, rng: &mut dyn Rng) -> Array2<F> {
    let gaussian = Array2::from_shape_simple_fn((dim, dim), || {
        let value: f64 = StandardNormal.sample(rng);
        value
    });
    let Ok(q) = orthonormal_factor(gaussian.view()) else { unreachable!("a square matrix") };
    let mut w = q.mapv(F::of);
    // Rounding to F leaves a distance of order ε, which one step removes.
    if recentre(&mut w, &mut Vec::new()).is_err() {
        unreachable!("a square matrix");
    }
    w
}
