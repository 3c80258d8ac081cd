//! Low-rank steps on GL(D): the matrix determinant lemma and Woodbury's formula.
//!
//! A plain step (SGD without momentum) computed from few rows changes `W` by a multiple of itself
//! plus a matrix of rank N. Let `L`, `R` (`[N, D]`) be the factors of the accumulated sum, `η` the
//! rate, `b = η/N`, `c = b/(1+η)` and `K = I_N + c R Lᵀ`. Then
//!
//! ```text
//! right   L = Δ,   R = Y    W⁺ = W + η E W   = (1+η)(I + c LᵀR) W     relative, both coordinates
//! left    L = ΔW,  R = X    W⁺ = W + η W WᵀG = (1+η) W (I + c LᵀR)    relative-left
//!
//! log|det W⁺| = log|det W| + D log(1+η) + log|det K|
//! sign det W⁺ = sign det W · sign det K                                (1 + η > 0)
//!
//! right   W⁺⁻¹ = (W⁻¹ − c (L W⁻ᵀ)ᵀ K⁻¹ R) / (1+η)
//! left    W⁺⁻¹ = (W⁻¹ − c Lᵀ K⁻¹ (R W⁻¹)) / (1+η)
//! ```
//!
//! (Sylvester's determinant identity; Woodbury 1950; Golub & Van Loan 2013, §2.1.4.) Cost per step:
//! 4·N·D² for the weight, 2·N²·D for `K`, ⅔·N³ for its LU (in `f64`), and 4·N·D² + 2·N²·D for the
//! inverse. No term is cubic in D.

use ndarray::{Array2, ArrayView2};

use super::Direction;
use super::general::grow;
use super::guard::MAX_HALVINGS;
use crate::contract::Workspace;
use crate::contract::{view, view_mut};
use crate::linalg::{Add, gemm};
use crate::{LayerError, Real, Result, check, parallel};

/// The low-rank form is used up to `N = D/ROWS_SHARE` rows. Beyond that, the small systems cost
/// more than 6% of a training step's 8·N·D² on GL(D), and on O(D) 8·N·D² + 16·N²·D approaches the
/// 4⅔·D³ of the dense Cayley step.
const ROWS_SHARE: usize = 4;

/// Whether the low-rank form pays for `rows` rows.
pub(super) fn pays(rows: usize, dim: usize) -> bool {
    rows * ROWS_SHARE <= dim
}

/// The side on which the sum multiplies the weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// `(I + c LᵀR) W`.
    Right,
    /// `W (I + c LᵀR)`: the mirror image.
    Left,
}

impl Side {
    /// The side of a direction; `None` for the Euclidean one, whose `W⁻ᵀ` has full rank.
    pub(super) fn of(direction: Direction) -> Option<Self> {
        match direction {
            Direction::Relative | Direction::Algebra => Some(Self::Right),
            Direction::RelativeLeft => Some(Self::Left),
            Direction::Euclidean => None,
        }
    }
}

/// The factors of a low-rank step.
#[derive(Debug, Clone, Copy)]
pub(super) struct Factors<'a, F> {
    pub(super) left: ArrayView2<'a, F>,
    pub(super) right: ArrayView2<'a, F>,
    pub(super) side: Side,
}

/// A rate at which the determinant keeps its sign.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct SafeStep {
    /// The rate after halving.
    pub(super) rate: f64,
    /// `c` at this rate.
    c: f64,
    /// `log|det W⁺| − log|det W|`.
    pub(super) log_abs: f64,
    /// Number of halvings.
    pub(super) halvings: u64,
}

impl<F: Real> Factors<'_, F> {
    fn rows(&self) -> usize {
        self.left.nrows()
    }

    fn dim(&self) -> usize {
        self.left.ncols()
    }

    /// `b = η/N`, rounded to the precision of the weight, so that the determinant is that of the
    /// step taken.
    fn share(&self, rate: f64) -> F {
        F::of(rate / self.rows().max(1) as f64)
    }

    /// `‖direction‖²` from the factors: `‖W‖² + (2/N)⟨PᵀQ, W⟩ + ⟨PPᵀ, QQᵀ⟩/N²`, where `PᵀQ` is the
    /// product of the sum and `W`. O(N²·D) in the algebra (`w` is `None`); another 4·N·D² in
    /// parameter space.
    pub(super) fn norm_squared(
        &self,
        w: Option<&Array2<F>>,
        scratch: &mut Vec<F>,
        work: &mut Workspace<F>,
    ) -> Result<f64> {
        let (rows, dim) = (self.rows(), self.dim());
        let mean = 1.0 / rows.max(1) as f64;
        let Some(w) = w else {
            let cross = inner(self.left, self.right);
            return Ok(dim as f64 + 2.0 * mean * cross + mean * mean * grams(self.left, self.right, work)?);
        };
        grow(scratch, 2 * rows * dim);
        let (first, second) = scratch.split_at_mut(rows * dim);
        let (mut a, mut b) = (view_mut(first, rows, dim), view_mut(second, rows, dim));
        let along = match self.side {
            Side::Right => w.view(),
            Side::Left => w.t(),
        };
        gemm(F::one(), self.left, along, Add::No, a.view_mut())?;
        gemm(F::one(), self.right, along, Add::No, b.view_mut())?;
        let (a, b) = (a.view(), b.view());
        let (cross, square) = match self.side {
            Side::Right => (inner(a, b), grams(self.left, b, work)?),
            Side::Left => (inner(a, b), grams(a, self.right, work)?),
        };
        let own = w.as_slice().map_or(f64::NAN, parallel::sum_of_squares);
        Ok(own + 2.0 * mean * cross + mean * mean * square)
    }

    /// Halves `rate` until the determinant keeps its sign, and once more if it was halved at all.
    /// Leaves the factorization of `Kᵀ` in `work.small`.
    ///
    /// # Errors
    /// A rate that is not above −1; factors that are not finite.
    pub(super) fn keep_sign(&self, mut rate: f64, work: &mut Workspace<F>) -> Result<SafeStep> {
        if !(rate > -1.0 && rate.is_finite()) {
            let range = "finite and above -1";
            return Err(LayerError::Range { what: "rate of a plain step", value: rate, range });
        }
        let rows = self.rows();
        grow(&mut work.gram, rows * rows);
        gemm(F::one(), self.left, self.right.t(), Add::No, view_mut(&mut work.gram, rows, rows))?;
        check::finite("products of the factors of a step", view(&work.gram, rows, rows))?;
        let (mut halvings, mut backed_off) = (0, false);
        loop {
            let c = self.share(rate).f64() / (1.0 + rate);
            let gram = &work.gram[..rows * rows];
            let small = work.small.refactor(rows, |k| {
                k.iter_mut().zip(gram).for_each(|(k, &gram)| *k = c * gram.f64());
                k.iter_mut().step_by(rows + 1).for_each(|diagonal| *diagonal += 1.0);
            });
            match small.ok().filter(|det| !det.negative) {
                Some(det) if halvings == 0 || backed_off => {
                    let log_abs = self.dim() as f64 * rate.ln_1p() + det.log_abs;
                    return Ok(SafeStep { rate, c, log_abs, halvings });
                }
                Some(_) => backed_off = true,
                None => {}
            }
            halvings += 1;
            // At rate 0 the step is the identity, whose determinant is positive.
            rate = if halvings > MAX_HALVINGS { 0.0 } else { 0.5 * rate };
            backed_off |= rate == 0.0;
        }
    }

    /// `W ← W⁺`.
    ///
    /// # Errors
    /// A step that is not finite; the weight is unchanged then.
    pub(super) fn move_weight(&self, safe: SafeStep, w: &mut Array2<F>, scratch: &mut Vec<F>) -> Result<()> {
        let (rows, dim) = (self.rows(), self.dim());
        grow(scratch, rows * dim);
        let mut along = view_mut(scratch, rows, dim);
        let b = self.share(safe.rate);
        match self.side {
            Side::Right => gemm(F::one(), self.right, w.view(), Add::No, along.view_mut())?,
            Side::Left => gemm(F::one(), self.left, w.t(), Add::No, along.view_mut())?,
        }
        check::finite("step", along.view())?;
        parallel::add_multiple(check::slice_mut("weight", &mut w.view_mut())?, F::of(safe.rate));
        match self.side {
            Side::Right => gemm(b, self.left.t(), along.view(), Add::Yes, w.view_mut()),
            Side::Left => gemm(b, along.t(), self.right, Add::Yes, w.view_mut()),
        }
    }

    /// `W⁻¹ ← W⁺⁻¹`, after [`keep_sign`](Self::keep_sign) has factorized `Kᵀ`.
    ///
    /// # Errors
    /// None for matching shapes.
    pub(super) fn move_inverse(
        &self,
        safe: SafeStep,
        x: &mut Array2<F>,
        scratch: &mut Vec<F>,
        work: &mut Workspace<F>,
    ) -> Result<()> {
        let (rows, dim) = (self.rows(), self.dim());
        grow(scratch, 2 * rows * dim);
        grow(&mut work.wide, rows * dim);
        let (along, solved) = scratch.split_at_mut(rows * dim);
        let (mut along, mut solved) = (view_mut(along, rows, dim), view_mut(solved, rows, dim));
        let mut wide = view_mut(&mut work.wide, rows, dim);
        match self.side {
            Side::Right => {
                gemm(F::one(), self.left, x.t(), Add::No, along.view_mut())?;
                work.small.solve_transposed_into(self.right, |_| 1.0, wide.view_mut())?;
            }
            Side::Left => {
                gemm(F::one(), self.right, x.view(), Add::No, along.view_mut())?;
                work.small.solve_transposed_into(along.view(), |_| 1.0, wide.view_mut())?;
            }
        }
        solved.zip_mut_with(&wide, |solved, &wide| *solved = F::of(wide));
        let shrink = F::of(-safe.rate / (1.0 + safe.rate));
        parallel::add_multiple(check::slice_mut("inverse", &mut x.view_mut())?, shrink);
        let back = F::of(-safe.c / (1.0 + safe.rate));
        match self.side {
            Side::Right => gemm(back, along.t(), solved.view(), Add::Yes, x.view_mut()),
            Side::Left => gemm(back, self.left.t(), solved.view(), Add::Yes, x.view_mut()),
        }
    }
}

/// `Σ a ∘ b` in `f64`.
pub(super) fn inner<F: Real>(a: ArrayView2<'_, F>, b: ArrayView2<'_, F>) -> f64 {
    a.iter().zip(&b).map(|(&a, &b)| a.f64() * b.f64()).sum()
}

/// `⟨AAᵀ, BBᵀ⟩ = ‖AᵀB‖²` for `[N, D]` matrices: 4·N²·D.
fn grams<F: Real>(a: ArrayView2<'_, F>, b: ArrayView2<'_, F>, work: &mut Workspace<F>) -> Result<f64> {
    let (rows, size) = (a.nrows(), a.nrows() * a.nrows());
    grow(&mut work.gram, 2 * size);
    let (first, second) = work.gram.split_at_mut(size);
    gemm(F::one(), a, a.t(), Add::No, view_mut(first, rows, rows))?;
    gemm(F::one(), b, b.t(), Add::No, view_mut(second, rows, rows))?;
    Ok(inner(view(first, rows, rows), view(second, rows, rows)))
}
