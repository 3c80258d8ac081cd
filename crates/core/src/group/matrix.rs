//! A weight matrix that lives in a group.

use std::sync::OnceLock;

use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use super::general::{grow, write_direction};
use super::guard::Guard;
use super::orthonormal::{
    ORTHONORMALITY, RECENTRE_EVERY, Rotation, cayley, limit_rotation, pack_skew, recentre,
};
use super::outer_sum::{view, view_mut};
use super::{Direction, Group};
use crate::linalg::{Add, LogDet, Lu, gemm, orthonormality_residual, singular_values};
use crate::optim::{StepReport, UpdateRule};
use crate::{Diagnostic, LayerError, ParamGrad, Real, Result, State, check};

/// A square matrix `W` of side D that stays in its [`Group`]: dense layers hold one, convolutions one a stage.
///
/// It is only reached through its group's own motion, so a non-orthonormal weight of O(D) or a stale log-determinant cannot be represented. A
/// determinant keeps its sign from check to check of the guard; between two checks it may stand on the other side.
#[derive(Debug, Clone)]
pub struct GroupMatrix<F: Real> {
    weight: Array2<F>,
    group: Group,
    guard: Guard<F>,
    updates: u32,
    /// LU in f64, for log-determinant and inverse; empty after each change of the weight.
    exact: OnceLock<Lu<f64>>,
    /// LU in F, for the Euclidean gradient of the next step.
    native: OnceLock<Lu<F>>,
}

/// What passed a matrix on the way forward and back; all `[rows, D]`.
#[derive(Debug, Clone, Copy)]
pub struct Passed<'a, F> {
    /// What entered.
    pub x: ArrayView2<'a, F>,
    /// What left, `W x`, plus `shift`.
    pub y: ArrayView2<'a, F>,
    /// What is to be taken from `y` to have `W x`: a plain bias. An augmented bias stays in, and nothing is given here.
    pub shift: Option<&'a [F]>,
    /// `∂ log p / ∂y`.
    pub dy: ArrayView2<'a, F>,
    /// `Wᵀ dy`.
    pub dx: Option<ArrayView2<'a, F>>,
}

impl<F: Real> GroupMatrix<F> {
    /// The matrix `weight` as a member of `group`.
    ///
    /// # Errors
    /// A matrix that is not square, not finite or, for O(D), has `max|WᵀW − I| > 32 ε`.
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
        let weight =
            if weight.is_standard_layout() { weight } else { weight.as_standard_layout().into_owned() };
        Ok(Self {
            weight,
            group,
            guard: Guard::default(),
            updates: 0,
            exact: OnceLock::new(),
            native: OnceLock::new(),
        })
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
    /// Shapes that do not fit.
    pub fn apply(&self, x: ArrayView2<'_, F>, y: ArrayViewMut2<'_, F>) -> Result<()> {
        check::features("rows", self.dim(), x.ncols())?;
        gemm(F::one(), x, self.weight.t(), Add::No, y)
    }

    /// `Y = X W`: each row `y = Wᵀ x`, the adjoint.
    ///
    /// # Errors
    /// Shapes that do not fit.
    pub fn apply_adjoint(&self, x: ArrayView2<'_, F>, y: ArrayViewMut2<'_, F>) -> Result<()> {
        check::features("rows", self.dim(), x.ncols())?;
        gemm(F::one(), x, self.weight.view(), Add::No, y)
    }

    /// Each row `x = W⁻¹ y`: the adjoint for O(D), an `f64` LU for GL(D).
    ///
    /// # Errors
    /// Shapes that do not fit; a singular matrix.
    pub fn apply_inverse(&self, y: ArrayView2<'_, F>, mut x: ArrayViewMut2<'_, F>) -> Result<()> {
        if self.group == Group::Orthonormal {
            return self.apply_adjoint(y, x);
        }
        check::features("rows", self.dim(), y.ncols())?;
        check::shape("result", y.dim(), x.dim())?;
        let lu = self.lu()?;
        let mut wide = y.mapv(F::f64).as_standard_layout().into_owned();
        lu.solve_rows(wide.view_mut())?;
        x.zip_mut_with(&wide, |x, &v| *x = F::of(v));
        Ok(())
    }

    /// `log|det W|` in nats and its sign; computed once for each weight. For O(D) the first is 0.
    ///
    /// # Errors
    /// A singular matrix.
    pub fn log_det(&self) -> Result<LogDet> {
        let log_det = self.lu()?.log_det();
        Ok(match self.group {
            Group::Orthonormal => LogDet { log_abs: 0.0, ..log_det },
            Group::General(_) => log_det,
        })
    }

    /// `log|det W|` in nats; for O(D) this is 0 and costs nothing.
    ///
    /// # Errors
    /// A singular matrix.
    pub fn log_abs_det(&self) -> Result<f64> {
        if self.group == Group::Orthonormal { Ok(0.0) } else { Ok(self.lu()?.log_det().log_abs) }
    }

    /// An empty gradient of this matrix.
    pub fn new_grad(&self, name: &'static str) -> ParamGrad<F> {
        ParamGrad::outer(name, self.dim())
    }

    /// Whether [`accumulate`](Self::accumulate) needs `dx`.
    pub fn needs_dx(&self) -> bool {
        self.group == Group::General(Direction::RelativeLeft)
    }

    /// Adds what passed to the sum that this matrix's direction is made of: `δ xᵀ`, `δ yᵀ` or `(Wᵀδ) xᵀ`.
    ///
    /// # Errors
    /// Shapes that do not fit.
    pub fn accumulate(&self, grad: &mut ParamGrad<F>, passed: Passed<'_, F>) -> Result<()> {
        let Passed { x, y, shift, dy, dx } = passed;
        let sum = grad.outer_mut()?;
        match self.group {
            Group::General(Direction::Euclidean) => sum.add(dy, x, None),
            Group::General(Direction::RelativeLeft) => {
                sum.add(dx.ok_or(LayerError::Tape { index: 0 })?, x, None)
            }
            Group::General(_) | Group::Orthonormal => sum.add(dy, y, shift),
        }
    }

    /// Makes the direction out of the sum: a `[D, D]` matrix for GL(D), the `D(D−1)/2` numbers of a strict lower triangle for O(D).
    ///
    /// # Errors
    /// No rows; a singular matrix for the Euclidean direction.
    pub fn direct(&self, grad: &mut ParamGrad<F>) -> Result<()> {
        let ParamGrad { sum, direction, scratch, .. } = grad;
        let crate::GradSum::Outer(sum) = sum else {
            return Err(LayerError::Grads { expected: 2, actual: 1 });
        };
        check::features("gradient", self.dim(), sum.dim())?;
        match self.group {
            Group::General(kind) => {
                let lu = if kind == Direction::Euclidean { Some(self.native_lu()?) } else { None };
                write_direction(kind, self.weight.view(), lu, sum, scratch, direction)
            }
            Group::Orthonormal => {
                if sum.count() == 0 {
                    return Err(LayerError::NoRows);
                }
                let (dim, mean) = (self.dim(), F::of(1.0 / sum.count() as f64));
                grow(scratch, dim * dim);
                sum.write(F::one(), Add::No, view_mut(scratch, dim, dim))?;
                pack_skew(view(scratch, dim, dim), mean, direction);
                Ok(())
            }
        }
    }

    /// Follows the direction that `direct` left, through the optimizer, and stays in the group. Afterwards
    /// `grad.direction` holds the step `η·opt(direction)`.
    ///
    /// # Errors
    /// Optimizer memory of another parameter; a singular matrix before the first step; a step that is not finite, where the last good
    /// weight is restored.
    pub fn update(&mut self, rule: &mut dyn UpdateRule<F>, grad: &mut ParamGrad<F>) -> Result<StepReport> {
        let rows = grad.outer_mut()?.count();
        let dim = self.dim();
        if let Group::General(_) = self.group {
            let (weight, exact) = (&self.weight, &self.exact);
            self.guard.arm(weight, || lu_of(weight, exact).map(Lu::log_det))?;
        }
        self.exact = OnceLock::new();
        self.native = OnceLock::new();
        let ParamGrad { direction, scratch, memory, .. } = grad;
        match self.group {
            Group::Orthonormal => {
                rule.step(memory, direction)?;
                let Rotation { halvings, large } = limit_rotation(direction)?;
                cayley(direction, &mut self.weight, scratch)?;
                self.updates = self.updates.wrapping_add(1);
                if large || self.updates.is_multiple_of(RECENTRE_EVERY) {
                    recentre(&mut self.weight, scratch)?;
                }
                Ok(StepReport { halvings })
            }
            Group::General(Direction::Algebra) => {
                rule.step(memory, direction)?;
                // ‖S‖ < 1 keeps I + tS invertible for all t in [0, 1]: nothing can be crossed.
                let certain = crate::parallel::sum_of_squares(direction) < 1.0;
                if !certain {
                    self.guard.renew(&self.weight);
                }
                grow(scratch, dim * dim);
                gemm(
                    F::one(),
                    view(direction, dim, dim),
                    self.weight.view(),
                    Add::No,
                    view_mut(scratch, dim, dim),
                )?;
                crate::parallel::add(weight_slice(&mut self.weight)?, &scratch[..dim * dim]);
                if certain {
                    return Ok(StepReport::default());
                }
                let report = self.settle()?;
                // The step that was taken: as often halved as the way.
                let share = F::of(report.share());
                direction.iter_mut().for_each(|step| *step *= share);
                Ok(report)
            }
            Group::General(kind) => {
                rule.ascend(memory, weight_slice(&mut self.weight)?, direction)?;
                if kind == Direction::Euclidean {
                    // The factorization is the next step's inverse too, so the check is free.
                    let (halvings, lu) = self.guard.settle(&mut self.weight)?;
                    self.native = lu.map_or_else(OnceLock::new, OnceLock::from);
                    return Ok(StepReport { halvings });
                }
                if self.guard.due(dim, rows) { self.settle() } else { Ok(StepReport::default()) }
            }
        }
    }

    fn settle(&mut self) -> Result<StepReport> {
        let (halvings, lu) = self.guard.settle(&mut self.weight)?;
        self.exact = lu.map_or_else(OnceLock::new, OnceLock::from);
        Ok(StepReport { halvings })
    }

    /// The Euclidean gradient `G` of the mean log-likelihood, recovered from whichever sum was accumulated. O(D³).
    /// `augmented` is `(mean δ, b)` of an augmented bias, whose `δ bᵀ` is part of the sum.
    ///
    /// # Errors
    /// No rows; a singular matrix.
    pub fn euclidean(&self, grad: &ParamGrad<F>, augmented: Option<(&[F], &[F])>) -> Result<Array2<F>> {
        let crate::GradSum::Outer(sum) = &grad.sum else {
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
            Group::General(Direction::RelativeLeft) => {
                inverse_transposed.dot(&(wide + Array2::<f64>::eye(dim)))
            }
            Group::General(_) | Group::Orthonormal => {
                (wide + Array2::<f64>::eye(dim)).dot(&inverse_transposed)
            }
        };
        Ok(g.mapv(F::of))
    }

    /// Writes what motion keeps beside the weight: the guard's last good weight on GL(D), the count of updates on O(D).
    pub fn save_state(&self, name: &str, state: &mut State<F>) {
        match self.group {
            Group::General(_) => self.guard.save(name, state),
            Group::Orthonormal => state.put_number(&format!("{name}.updates"), u64::from(self.updates)),
        }
    }

    /// Takes back what [`save_state`](Self::save_state) wrote.
    ///
    /// # Errors
    /// Missing pieces, another shape.
    pub fn load_state(&mut self, name: &str, state: &mut State<F>) -> Result<()> {
        match self.group {
            Group::General(_) => self.guard.load(name, self.dim(), state),
            Group::Orthonormal => {
                let updates = state.take_number(&format!("{name}.updates"))?;
                // Only the remainder by RECENTRE_EVERY, a power of two, is ever looked at.
                self.updates = (updates % (1 << 32)) as u32;
                Ok(())
            }
        }
    }

    /// Singular values and what follows from them.
    pub fn diagnostics(&self, name: &str) -> Vec<Diagnostic> {
        let diagnostic = |what: &str, value: f64| Diagnostic { name: format!("{name} {what}"), value };
        let mut found = vec![diagnostic("max|W'W-I|", orthonormality_residual(self.weight.view()))];
        if let [largest, .., smallest] = singular_values(self.weight.view())[..] {
            found.push(diagnostic("condition number", largest / smallest));
            found.push(diagnostic("largest singular value", largest));
            found.push(diagnostic("smallest singular value", smallest));
        }
        if let Ok(log_det) = self.log_det() {
            found.push(diagnostic("log|det|", log_det.log_abs));
            found.push(diagnostic("sign of det", if log_det.negative { -1.0 } else { 1.0 }));
        }
        found
    }

    fn lu(&self) -> Result<&Lu<f64>> {
        lu_of(&self.weight, &self.exact)
    }

    fn native_lu(&self) -> Result<&Lu<F>> {
        lu_of(&self.weight, &self.native)
    }
}

fn weight_slice<F: Real>(weight: &mut Array2<F>) -> Result<&mut [F]> {
    weight.as_slice_mut().ok_or(LayerError::Layout { what: "weight", strides: vec![] })
}

fn lu_of<'a, F: Real, P: Real>(weight: &Array2<F>, cache: &'a OnceLock<Lu<P>>) -> Result<&'a Lu<P>> {
    if let Some(lu) = cache.get() {
        return Ok(lu);
    }
    let lu = Lu::new(weight.view())?;
    Ok(cache.get_or_init(|| lu))
}
