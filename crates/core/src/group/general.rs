//! Directions on GL(D).

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use crate::contract::{OuterForm, OuterSum, view, view_mut};
use crate::linalg::{Add, Lu, gemm};
use crate::{LayerError, Real, Result, check, parallel};

/// The direction in which a matrix of GL(D) moves, and the coordinates that an optimizer sees.
///
/// All of them are ascent directions: `⟨direction, G⟩ > 0` unless `G = 0`, because each multiplies
/// `G` by a positive-definite matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// `G = mean(δ xᵀ) + W⁻ᵀ`. Explicit inverse, O(D³) per step.
    Euclidean,
    /// `E W = G WᵀW = mean(δ (Wᵀy)ᵀ) + W`, in parameter space. O(N·D²) per step. Elementwise
    /// adaptive optimizers see the entries of `W`, which breaks the equivariance of the relative
    /// gradient.
    Relative,
    /// The mirror image `W WᵀG = W·mean((Wᵀδ) xᵀ) + W`, in parameter space. O(N·D²) per step.
    RelativeLeft,
    /// `E` in the Lie algebra: `W ← (I + η·opt(E)) W`. Equivariant under any optimizer; the product
    /// with a full-rank `opt(E)` costs O(D³) per step.
    Algebra,
}

/// `out ← out + α SᵀM` for the sum `S = LᵀR`: `(LᵀR) M` or `Lᵀ(R M)`, whichever is cheaper.
fn add_sum_times<F: Real>(
    sum: &mut OuterSum<F>,
    alpha: F,
    matrix: ArrayView2<'_, F>,
    scratch: &mut Vec<F>,
    out: &mut [F],
) -> Result<()> {
    let dim = sum.dim();
    match sum.form()? {
        OuterForm::Factors(left, right) => {
            let rows = right.nrows();
            grow(scratch, rows * dim);
            gemm(F::one(), right, matrix, Add::No, view_mut(scratch, rows, dim))?;
            gemm(alpha, left.t(), view(scratch, rows, dim), Add::Yes, view_mut(out, dim, dim))
        }
        OuterForm::Matrix(sum) => gemm(alpha, sum, matrix, Add::Yes, view_mut(out, dim, dim)),
    }
}

/// `out ← out + α M S` for the sum `S = LᵀR`: `M (LᵀR)` or `(L Mᵀ)ᵀ R`, whichever is cheaper.
fn add_times_sum<F: Real>(
    sum: &mut OuterSum<F>,
    alpha: F,
    matrix: ArrayView2<'_, F>,
    scratch: &mut Vec<F>,
    out: &mut [F],
) -> Result<()> {
    let dim = sum.dim();
    match sum.form()? {
        OuterForm::Factors(left, right) => {
            let rows = left.nrows();
            grow(scratch, rows * dim);
            gemm(F::one(), left, matrix.t(), Add::No, view_mut(scratch, rows, dim))?;
            gemm(alpha, view(scratch, rows, dim).t(), right, Add::Yes, view_mut(out, dim, dim))
        }
        OuterForm::Matrix(sum) => gemm(alpha, matrix, sum, Add::Yes, view_mut(out, dim, dim)),
    }
}

/// Writes the direction to `out`. `sum` holds what
/// [`GroupMatrix::accumulate`](super::GroupMatrix::accumulate) added; `lu` factorizes `w` and is
/// given for the Euclidean direction only.
pub(super) fn write_direction<F: Real>(
    direction: Direction,
    w: ArrayView2<'_, F>,
    lu: Option<&Lu<F>>,
    sum: &mut OuterSum<F>,
    scratch: &mut Vec<F>,
    out: &mut Vec<F>,
) -> Result<()> {
    let dim = sum.dim();
    if sum.count() == 0 {
        return Err(LayerError::NoRows);
    }
    let mean = F::of(1.0 / sum.count() as f64);
    out.resize(dim * dim, F::zero());
    match direction {
        Direction::Euclidean => {
            let lu = lu.ok_or(LayerError::NoRows)?;
            lu.inverse_transposed_into(view_mut(out, dim, dim))?;
            sum.write(mean, Add::Yes, view_mut(out, dim, dim))
        }
        Direction::Relative => {
            parallel::copy(&mut out[..dim * dim], check::slice("weight", &w)?);
            add_sum_times(sum, mean, w, scratch, out)
        }
        Direction::RelativeLeft => {
            parallel::copy(&mut out[..dim * dim], check::slice("weight", &w)?);
            add_times_sum(sum, mean, w, scratch, out)
        }
        Direction::Algebra => {
            sum.write(mean, Add::No, view_mut(out, dim, dim))?;
            out.iter_mut().step_by(dim + 1).for_each(|diagonal| *diagonal += F::one());
            Ok(())
        }
    }
}

/// Grows `buffer` to at least `size` numbers and keeps those that it holds.
pub(super) fn grow<T: Clone + Default>(buffer: &mut Vec<T>, size: usize) {
    if buffer.len() < size {
        buffer.resize(size, T::default());
    }
}
