//! A weight matrix that stays in its group.

use std::sync::OnceLock;

use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use super::drift::Drift;
use super::guard::Guard;
use super::orthonormal::ORTHONORMALITY;
use super::tracked::{TrackedInverse, TrackedLogDet};
use super::{Direction, Group};
use crate::contract::{GradSum, ParamGrad};
use crate::linalg::{Add, LogDet, Lu, gemm, orthonormality_residual};
use crate::{LayerError, Real, Result, check};

/// A square matrix `W` of side D that stays in its [`Group`]. A dense layer holds one, a
/// convolution one per stage.
///
/// Only the group's own steps change it, so a non-orthonormal weight on O(D) or a stale
/// log-determinant cannot be represented. Low-rank steps keep the sign of the determinant at every
/// step; after other steps the guard checks the sign periodically, so it may be wrong between two
/// checks.
#[derive(Debug, Clone)]
pub struct GroupMatrix<F: Real> {
    pub(super) weight: Array2<F>,
    pub(super) group: Group,
    pub(super) guard: Guard<F>,
    /// Accumulated rounding on O(D).
    pub(super) drift: Drift,
    /// `log|det W|` as updated by low-rank steps; `None` after any other step.
    pub(super) log_det: Option<TrackedLogDet>,
    /// `W⁻¹`, where tracking was requested.
    pub(super) inverse: Option<TrackedInverse<F>>,
    /// LU in `f64`, for log-determinant and inverse; cleared whenever the weight changes.
    pub(super) exact: OnceLock<Lu<f64>>,
    /// LU in `F`, for the Euclidean gradient of the next step.
    pub(super) native: OnceLock<Lu<F>>,
    /// Memory of the guard's last factorization, reused by the next one.
    pub(super) spare: Option<Lu<f64>>,
    /// See [`with_entries`](Self::with_entries).
    pub(super) entries: bool,
    /// See [`preconditioned`](Self::preconditioned).
    pub(super) preconditioned: bool,
    /// See [`with_shears`](Self::with_shears).
    pub(super) shears: Option<f64>,
}

/// Activations and gradients at a matrix; all `[rows, D]`.
#[derive(Debug, Clone, Copy)]
pub struct Activations<'a, F> {
    /// Input.
    pub x: ArrayView2<'a, F>,
    /// Output `W x`, plus `shift`.
    pub y: ArrayView2<'a, F>,
    /// Subtracted from `y` to get `W x`: a plain bias. An augmented bias is not subtracted.
    pub shift: Option<&'a [F]>,
    /// `∂ log p / ∂y`.
    pub dy: ArrayView2<'a, F>,
    /// `Wᵀ dy`.
    pub dx: Option<ArrayView2<'a, F>>,
}

impl<F: Real> GroupMatrix<F> {
    /// The matrix `weight` as an element of `group`.
    ///
    /// # Errors
    /// A matrix that is not square or not finite; for O(D), one with `max|WᵀW − I| > 32 ε`.
    pub fn new(weight: Array2<F>, group: Group) -> Result<Self> {
        let dim = weight.nrows();
        check::shape("weight", (dim, dim), weight.dim())?;
        check::finite("weight", weight.view())?;
        if group == Group::Orthonormal {
            let (residual, tolerance) = (orthonormality_residual(weight.view()), ORTHONORMALITY * F::EPS);
            if residual.is_nan() || residual > tolerance {
                return Err(LayerError::NotOrthonormal { residual, tolerance });
            }
        }
        let weight = if weight.is_standard_layout() { weight } else { weight.as_standard_layout().into_owned() };
        let drift = Drift::new(&weight);
        Ok(Self {
            weight,
            group,
            guard: Guard::default(),
            drift,
            log_det: None,
            inverse: None,
            exact: OnceLock::new(),
            native: OnceLock::new(),
            spare: None,
            entries: false,
            preconditioned: false,
            shears: None,
        })
    }

    /// The same matrix, with its direction and step always written out in full, for a layer that
    /// reads their entries.
    pub fn with_entries(self) -> Self {
        Self { entries: true, ..self }
    }

    /// The same matrix, with `W⁻¹` updated in every low-rank step: another D² numbers and 4·N·D²
    /// operations per step, for an inverse without factorization. Any other step invalidates it;
    /// the next low-rank step then recomputes it. No effect on O(D).
    pub fn tracking_inverse(mut self) -> Self {
        if let Group::General(_) = self.group {
            self.inverse = Some(TrackedInverse::new(self.dim()));
        }
        self
    }

    /// The same matrix, whose direction is divided by the sparse approximation of the curvature that
    /// the rows of each batch show ([`curvature`](crate::group::curvature)): on O(D), and on GL(D) in
    /// the algebra. Each step costs the D² entries of the direction, also with a plain rule.
    ///
    /// # Errors
    /// [`LayerError::Conflict`] for directions in parameter space.
    pub fn preconditioned(self) -> Result<Self> {
        match self.group {
            Group::Orthonormal | Group::General(Direction::Algebra) => Ok(Self { preconditioned: true, ..self }),
            Group::General(_) => Err(LayerError::Conflict {
                first: "a preconditioned matrix",
                second: "a direction on GL(D) other than the one in the algebra",
            }),
        }
    }

    /// The same matrix in the algebra, whose optimizer sees the symmetric and the skew part of the
    /// direction, `(E_ij + E_ji)/√2` and `(E_ij − E_ji)/√2`, in place of its entries, and whose steps
    /// along the symmetric ones, the shears, are `rate` times as long. Rotations tolerate larger steps
    /// than shears, by which matrices become singular.
    ///
    /// # Errors
    /// [`LayerError::Conflict`] but in the algebra of GL(D); [`LayerError::Range`] for a rate outside
    /// (0, 1].
    pub fn with_shears(self, rate: f64) -> Result<Self> {
        if !(rate > 0.0 && rate <= 1.0) {
            return Err(LayerError::Range { what: "rate of shears", value: rate, range: "in (0, 1]" });
        }
        match self.group {
            Group::General(Direction::Algebra) => Ok(Self { shears: Some(rate), ..self }),
            _ => Err(LayerError::Conflict {
                first: "a rate of shears",
                second: "a group other than GL(D) in the algebra",
            }),
        }
    }

    /// The rate of shears, if there is one of their own.
    pub fn shears(&self) -> Option<f64> {
        self.shears
    }

    /// Whether [`preconditioned`](Self::preconditioned) was requested.
    pub fn is_preconditioned(&self) -> bool {
        self.preconditioned
    }

    /// Whether [`tracking_inverse`](Self::tracking_inverse) was requested.
    pub fn tracks_inverse(&self) -> bool {
        self.inverse.is_some()
    }

    /// `W⁻¹`, if it is tracked and current.
    pub fn tracked_inverse(&self) -> Option<ArrayView2<'_, F>> {
        self.inverse.as_ref().and_then(TrackedInverse::get)
    }

    /// Whether `log|det W|` is tracked and current, so that reading it costs nothing.
    pub fn tracks_log_det(&self) -> bool {
        self.log_det.is_some()
    }

    /// Whether the guard has checked the present weight, or has nothing to check.
    pub fn is_settled(&self) -> bool {
        !self.guard.is_behind()
    }

    /// Side of the matrix.
    pub fn dim(&self) -> usize {
        self.weight.nrows()
    }

    /// The group.
    pub fn group(&self) -> Group {
        self.group
    }

    /// The matrix.
    pub fn weight(&self) -> ArrayView2<'_, F> {
        self.weight.view()
    }

    /// `Y = X Wᵀ`: each row `y = W x`.
    ///
    /// # Errors
    /// Shapes that do not match.
    pub fn apply(&self, x: ArrayView2<'_, F>, y: ArrayViewMut2<'_, F>) -> Result<()> {
        check::features("rows", self.dim(), x.ncols())?;
        gemm(F::one(), x, self.weight.t(), Add::No, y)
    }

    /// `Y ← Y + X Wᵀ`. With a bias in the rows of `Y` this saves the separate pass that would add
    /// it.
    ///
    /// # Errors
    /// Shapes that do not match.
    pub fn add_applied(&self, x: ArrayView2<'_, F>, y: ArrayViewMut2<'_, F>) -> Result<()> {
        check::features("rows", self.dim(), x.ncols())?;
        gemm(F::one(), x, self.weight.t(), Add::Yes, y)
    }

    /// `Y = X W`: each row `y = Wᵀ x`, the adjoint.
    ///
    /// # Errors
    /// Shapes that do not match.
    pub fn apply_adjoint(&self, x: ArrayView2<'_, F>, y: ArrayViewMut2<'_, F>) -> Result<()> {
        check::features("rows", self.dim(), x.ncols())?;
        gemm(F::one(), x, self.weight.view(), Add::No, y)
    }

    /// Each row `x = W⁻¹ y`: the adjoint on O(D); on GL(D) the tracked inverse if there is one,
    /// else an `f64` LU.
    ///
    /// # Errors
    /// Shapes that do not match; a singular matrix.
    pub fn apply_inverse(&self, y: ArrayView2<'_, F>, mut x: ArrayViewMut2<'_, F>) -> Result<()> {
        if self.group == Group::Orthonormal {
            return self.apply_adjoint(y, x);
        }
        check::features("rows", self.dim(), y.ncols())?;
        check::shape("result", y.dim(), x.dim())?;
        if let Some(inverse) = self.tracked_inverse() {
            return gemm(F::one(), y, inverse.t(), Add::No, x);
        }
        let lu = self.lu()?;
        let mut wide = y.mapv(F::f64).as_standard_layout().into_owned();
        lu.solve_rows(wide.view_mut())?;
        x.zip_mut_with(&wide, |x, &v| *x = F::of(v));
        Ok(())
    }

    /// `log|det W|` in nats and the sign of the determinant: tracked by low-rank steps, or computed
    /// once per weight. On O(D) `log|det W|` is 0.
    ///
    /// # Errors
    /// A singular matrix.
    pub fn log_det(&self) -> Result<LogDet> {
        if let Some(tracked) = self.log_det {
            return Ok(tracked.value);
        }
        let log_det = self.lu()?.log_det();
        Ok(match self.group {
            Group::Orthonormal => LogDet { log_abs: 0.0, ..log_det },
            Group::General(_) => log_det,
        })
    }

    /// `log|det W|` in nats; 0 at no cost on O(D).
    ///
    /// # Errors
    /// A singular matrix.
    pub fn log_abs_det(&self) -> Result<f64> {
        if self.group == Group::Orthonormal { Ok(0.0) } else { Ok(self.log_det()?.log_abs) }
    }

    /// As [`log_abs_det`](Self::log_abs_det), for a weight that changes at each step: a factorization
    /// that is needed is made in `memory`, and not kept.
    ///
    /// # Errors
    /// A singular matrix.
    pub fn log_abs_det_in(&self, memory: &mut Lu<f64>) -> Result<f64> {
        if self.group == Group::Orthonormal || self.log_det.is_some() || self.exact.get().is_some() {
            return self.log_abs_det();
        }
        Ok(memory.refactor_matrix(self.weight.view())?.log_abs)
    }

    /// Whether [`accumulate`](Self::accumulate) needs `dx`.
    pub fn needs_dx(&self) -> bool {
        self.group == Group::General(Direction::RelativeLeft)
    }

    /// Adds a batch to the sum from which the direction is made: `δ xᵀ`, `δ yᵀ` or `(Wᵀδ) xᵀ`.
    ///
    /// # Errors
    /// Shapes that do not match.
    pub fn accumulate(&self, grad: &mut ParamGrad<F>, at: Activations<'_, F>) -> Result<()> {
        let Activations { x, y, shift, dy, dx } = at;
        let sum = grad.outer_mut()?;
        match self.group {
            Group::General(Direction::Euclidean) => sum.add(dy, x, None),
            Group::General(Direction::RelativeLeft) => sum.add(dx.ok_or(LayerError::Tape { index: 0 })?, x, None),
            Group::General(_) | Group::Orthonormal => sum.add(dy, y, shift),
        }
    }

    /// The Euclidean gradient `G` of the mean log-likelihood, recovered from the accumulated sum.
    /// O(D³). `augmented` is `(mean δ, b)` of an augmented bias, whose `δ bᵀ` is part of the sum.
    ///
    /// # Errors
    /// No rows; a singular matrix.
    pub fn euclidean_of(&self, grad: &ParamGrad<F>, augmented: Option<(&[F], &[F])>) -> Result<Array2<F>> {
        let GradSum::Outer(sum) = &grad.sum else {
            return Err(LayerError::Grads { expected: 2, actual: 1 });
        };
        if sum.count() == 0 {
            return Err(LayerError::NoRows);
        }
        let dim = self.dim();
        let mut e = Array2::zeros((dim, dim));
        sum.write(F::of(1.0 / sum.count() as f64), Add::No, e.view_mut())?;
        if let Some((delta, bias)) = augmented {
            for (mut row, &delta) in e.rows_mut().into_iter().zip(delta) {
                row.iter_mut().zip(bias).for_each(|(e, &b)| *e -= delta * b);
            }
        }
        let inverse_transposed = self.lu()?.inverse_transposed()?;
        let wide = e.mapv(F::f64);
        let g = match self.group {
            Group::General(Direction::Euclidean) => wide + &inverse_transposed,
            Group::General(Direction::RelativeLeft) => inverse_transposed.dot(&(wide + Array2::<f64>::eye(dim))),
            Group::General(_) | Group::Orthonormal => (wide + Array2::<f64>::eye(dim)).dot(&inverse_transposed),
        };
        Ok(g.mapv(F::of))
    }

    pub(super) fn lu(&self) -> Result<&Lu<f64>> {
        lu_of(&self.weight, &self.exact)
    }
}

pub(super) fn lu_of<'a, F: Real, P: Real>(weight: &Array2<F>, cache: &'a OnceLock<Lu<P>>) -> Result<&'a Lu<P>> {
    if let Some(lu) = cache.get() {
        return Ok(lu);
    }
    let lu = Lu::new(weight.view())?;
    Ok(cache.get_or_init(|| lu))
}
