//! Low-rank steps on O(D): the Cayley transform of a skew matrix of rank 2N, by Woodbury's formula.
//!
//! With the factors `Δ`, `Y` of the sum, `[N, D]`, and any `s > 0`, the direction has rank 2N:
//!
//! ```text
//! A = (ΔᵀY − YᵀΔ)/(2N) = U Vᵀ,    U = [sΔᵀ, Yᵀ/s],    Vᵀ = [Y/s; −sΔ]/(2N)
//!
//! cayley(ηA) W = W + η (I − (η/2) U Vᵀ)⁻¹ U Vᵀ W
//!              = W + η U M⁻¹ (Vᵀ W),                  M = I_2N − (η/2) VᵀU
//! ```
//!
//! (the push-through identity; Wen & Yin 2013, §2.2). Cost per step: 4·N·D² for `VᵀW`, 4·N·D² for
//! the product with `U`, 8·N²·D for `VᵀU`, 8·N²·D + 16/3·N³ for the solve (in `f64`), against
//! 2·N·D² + 4⅔·D³ for the dense step.
//!
//! **Rounding.** Near the optimum `ΔᵀY` and `YᵀΔ` cancel, and rounding is relative to them, not to
//! their small difference `A`. Since `A` is skew, `‖(I − ηA/2)⁻¹‖ ≤ 1`, so
//! `M⁻¹ = I + (η/2) Vᵀ (I − ηA/2)⁻¹ U` has `‖M⁻¹‖ ≤ 1 + τ` with `τ = (η/2)‖U‖‖V‖ ≤ (η/2)‖VᵀU‖_F`,
//! which is known before the step. Steps with `τ` above [`MOST_SHEAR`] are left to the dense path;
//! the others report a row-wise bound on their rounding. `s⁴ = ‖YYᵀ‖/‖ΔΔᵀ‖` minimizes `τ`.

use ndarray::{Array2, ArrayView2};

use super::general::grow;
use crate::contract::Workspace;
use crate::contract::{view, view_mut};
use crate::linalg::{Add, gemm};
use crate::{Real, Result, check};

/// The largest `τ`: the condition number of `M` is at most `(1 + τ)²`.
const MOST_SHEAR: f64 = 4.0;

/// `W ← cayley(ηA) W`. Returns the norm of the step's largest row, which
/// [`Drift`](super::drift::Drift) charges; `None`, with the weight unchanged, if the step is too
/// long for this form.
///
/// # Errors
/// Factors that are not finite; the weight is unchanged then.
pub(super) fn thin_cayley<F: Real>(
    rate: f64,
    left: ArrayView2<'_, F>,
    right: ArrayView2<'_, F>,
    w: &mut Array2<F>,
    scratch: &mut Vec<F>,
    work: &mut Workspace<F>,
) -> Result<Option<f64>> {
    let (rows, dim) = left.dim();
    let (both, size) = (2 * rows, rows * dim);
    grow(scratch, 2 * both * dim);
    grow(&mut work.gram, both * both);
    grow(&mut work.wide, both * dim + 2 * dim);
    // [Δ; Y], and all inner products of its rows.
    let (stacked, along) = scratch.split_at_mut(both * dim);
    stacked[..size].copy_from_slice(check::slice("left factor", &left)?);
    stacked[size..].copy_from_slice(check::slice("right factor", &right)?);
    let stacked = view(stacked, both, dim);
    gemm(F::one(), stacked, stacked.t(), Add::No, view_mut(&mut work.gram, both, both))?;
    let gram = view(&work.gram, both, both);
    check::finite("products of the factors of a step on O(D)", gram)?;

    let part = |i: usize, j: usize| {
        let of_row = |a: usize| (0..rows).map(move |b| gram[[i * rows + a, j * rows + b]].f64().powi(2));
        (0..rows).flat_map(of_row).sum::<f64>().sqrt()
    };
    let (delta, y, cross) = (part(0, 0), part(1, 1), part(0, 1));
    if delta == 0.0 || y == 0.0 || rate == 0.0 {
        return Ok(Some(0.0));
    }
    // With the optimal s, both off-diagonal blocks have norm √(‖ΔΔᵀ‖‖YYᵀ‖).
    let mean = 1.0 / both as f64;
    let shear = 0.5 * rate.abs() * mean * (2.0 * cross * cross + 2.0 * delta * y).sqrt();
    if shear.is_nan() || shear > MOST_SHEAR {
        return Ok(None);
    }
    let s_squared = (y / delta).sqrt();
    let s = s_squared.sqrt();

    // Factorize Mᵀ, so that a transposed solve is one with M. Entry (a, b) of VᵀU is
    // sign·scale·⟨row a' of [Δ; Y], row b⟩, where a' = across(a) is the row that corresponds to a
    // in [Y; Δ].
    let half = 0.5 * rate * mean;
    let across = |a: usize| if a < rows { a + rows } else { a - rows };
    work.small.refactor(both, |m| {
        for b in 0..both {
            for a in 0..both {
                let (sign, v) = if a < rows { (1.0, 1.0 / s) } else { (-1.0, s) };
                let u = if b < rows { s } else { 1.0 / s };
                let product = sign * v * u * gram[[across(a), b]].f64();
                m[b * both + a] = f64::from(u8::from(a == b)) - half * product;
            }
        }
    })?;

    // [ΔW; YW] → VᵀW → M⁻¹VᵀW → the product with η·U.
    gemm(F::one(), stacked, w.view(), Add::No, view_mut(along, both, dim))?;
    along[..both * dim].rotate_left(size);
    let (wide, norms) = work.wide.split_at_mut(both * dim);
    let v_scale = |a: usize| if a < rows { mean / s } else { -mean * s };
    work.small.solve_transposed_into(view(along, both, dim), v_scale, view_mut(wide, both, dim))?;
    for (a, (along, wide)) in along.chunks_exact_mut(dim).zip(wide.chunks_exact(dim)).take(both).enumerate() {
        let scale = rate * if a < rows { s } else { 1.0 / s };
        along.iter_mut().zip(wide).for_each(|(along, &wide)| *along = F::of(scale * wide));
    }
    check::finite("step on O(D)", view(along, both, dim))?;
    gemm(F::one(), stacked.t(), view(along, both, dim), Add::Yes, w.view_mut())?;

    let longest = longest_row(left, right, delta.sqrt(), y.sqrt(), norms);
    Ok(Some(rate.abs() * mean * longest * (1.0 + shear).powi(2)))
}

/// `Σ_(i>j) A_ij²`, the squared norm of the direction as an optimizer sees it:
/// `(⟨ΔΔᵀ, YYᵀ⟩ − ⟨YΔᵀ, ΔYᵀ⟩)/(4N²)`. The two terms cancel near an optimum, so both are computed in
/// `f64`. Cost 8·N²·D.
pub(super) fn skew_norm_squared<F: Real>(
    left: ArrayView2<'_, F>,
    right: ArrayView2<'_, F>,
    work: &mut Workspace<F>,
) -> Result<f64> {
    let (rows, dim) = left.dim();
    let (both, size) = (2 * rows, rows * dim);
    grow(&mut work.wide, 2 * size + both * both);
    let (stacked, gram) = work.wide.split_at_mut(2 * size);
    let wide = left.iter().chain(&right).map(|v| v.f64());
    stacked.iter_mut().zip(wide).for_each(|(stacked, v)| *stacked = v);
    let stacked = view(stacked, both, dim);
    gemm(1.0, stacked, stacked.t(), Add::No, view_mut(gram, both, both))?;
    let gram = view(gram, both, both);
    let mut sum = 0.0;
    for i in 0..rows {
        for j in 0..rows {
            sum += gram[[i, j]] * gram[[rows + i, rows + j]] - gram[[rows + i, j]] * gram[[rows + j, i]];
        }
    }
    // Rounding can make the difference negative; NaN is passed on.
    Ok(if sum < 0.0 { 0.0 } else { sum / (both * both) as f64 })
}

/// The largest `‖Δ_i‖‖Y‖ + ‖Y_i‖‖Δ‖` over columns `i`: a bound on the rows of `2N·A` before
/// cancellation.
fn longest_row<F: Real>(
    left: ArrayView2<'_, F>,
    right: ArrayView2<'_, F>,
    delta: f64,
    y: f64,
    norms: &mut [f64],
) -> f64 {
    let dim = left.ncols();
    let (of_left, of_right) = norms.split_at_mut(dim);
    of_left.fill(0.0);
    of_right[..dim].fill(0.0);
    for (sums, factor) in [(&mut *of_left, left), (&mut *of_right, right)] {
        for row in factor.rows() {
            sums.iter_mut().zip(row).for_each(|(sum, &v)| *sum += v.f64() * v.f64());
        }
    }
    let row = |(&l, &r): (&f64, &f64)| l.sqrt() * y + r.sqrt() * delta;
    of_left.iter().zip(&*of_right).map(row).fold(0.0, f64::max)
}
