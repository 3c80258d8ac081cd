//! How a matrix moves: from sums to directions, and from directions to steps.

use std::sync::OnceLock;

use ndarray::Array2;

use super::drift::{Drift, longest_row};
use super::general::{grow, write_direction};
use super::guard::{Guard, LARGE};
use super::low_rank::{Factors, Side, pays};
use super::matrix::lu_of;
use super::orthonormal::{Rotation, cayley_with, limit_rotation, pack_skew, recentre};
use super::parts::{shorten_shears, to_parts};
use super::thin_cayley::{skew_norm_squared, thin_cayley};
use super::tracked::{TrackedInverse, TrackedLogDet};
use super::{Direction, Group, GroupMatrix, panels};
use crate::contract::{
    ElementwiseStep, GradSum, OuterForm, OuterSum, ParamGrad, Rule, StepReport, Workspace, view, view_mut,
};
use crate::linalg::{Add, Lu, gemm};
use crate::{LayerError, Real, Result, check};

impl<F: Real> GroupMatrix<F> {
    pub(super) fn make_step(&mut self, rule: &mut dyn Rule<F>, grad: &mut ParamGrad<F>) -> Result<StepReport> {
        if std::mem::take(&mut grad.factored) {
            let sum = outer(&mut grad.sum)?;
            if let (Some(rate), true) = (rule.plain_rate(), self.stays_in_factors(sum)?) {
                return match self.group {
                    Group::Orthonormal => self.rotate_by_factors(rate, rule, grad),
                    Group::General(direction) => self.follow_factors(direction, rate, grad),
                };
            }
            if let (Some(step), true) = (rule.elementwise(grad.memory.steps), self.moves_by_panels(sum)?) {
                return self.follow_panels(&step, grad);
            }
            // The rule does not step in factors or by panels after all: write out all entries.
            let ParamGrad { sum, direction, scratch, .. } = grad;
            self.write(outer(sum)?, scratch, direction)?;
        }
        match self.group {
            Group::Orthonormal => {
                rule.step(&mut grad.memory, &mut grad.direction)?;
                self.rotate(grad)
            }
            Group::General(direction) => self.follow_entries(direction, rule, grad),
        }
    }

    /// Prepares a step on GL(D) that may cross `det W = 0`: gives the guard a weight to return to.
    fn arm(&mut self) -> Result<()> {
        let (weight, exact) = (&self.weight, &self.exact);
        let known = self.log_det.map(|tracked| tracked.value).or_else(|| exact.get().map(Lu::log_det));
        self.guard.arm(weight, known, || lu_of(weight, exact).map(Lu::log_det))
    }

    /// Whether the step should stay in low-rank form.
    pub(super) fn stays_in_factors(&self, sum: &mut OuterSum<F>) -> Result<bool> {
        let few = match sum.form()? {
            OuterForm::Factors(left, _) => Some(left.nrows()),
            OuterForm::Matrix(_) => None,
        };
        // A step by entries would invalidate the tracked inverse.
        let better = |rows| pays(rows, self.dim()) || self.tracks_inverse();
        Ok(self.group != Group::General(Direction::Euclidean) && few.is_some_and(better))
    }

    /// Whether each row of the direction follows from the factors and that row of the weight alone:
    /// relative directions in parameter space, computed from few rows.
    pub(super) fn moves_by_panels(&self, sum: &mut OuterSum<F>) -> Result<bool> {
        let few = matches!(sum.form()?, OuterForm::Factors(..));
        Ok(few && matches!(self.group, Group::General(Direction::Relative | Direction::RelativeLeft)))
    }

    pub(super) fn factored_norm_squared(
        &self,
        sum: &mut OuterSum<F>,
        scratch: &mut Vec<F>,
        work: &mut Workspace<F>,
    ) -> Result<f64> {
        match self.group {
            Group::Orthonormal => {
                let (left, right) = factors(sum)?;
                skew_norm_squared(left, right, work)
            }
            Group::General(direction) => {
                let side = Side::of(direction).unwrap_or(Side::Right);
                let (left, right) = factors(sum)?;
                let w = (direction != Direction::Algebra).then_some(&self.weight);
                Factors { left, right, side }.norm_squared(w, scratch, work)
            }
        }
    }

    /// Writes all entries of the direction.
    pub(super) fn write(&self, sum: &mut OuterSum<F>, scratch: &mut Vec<F>, direction: &mut Vec<F>) -> Result<()> {
        match self.group {
            Group::General(kind) => {
                let euclidean = kind == Direction::Euclidean;
                let lu = if euclidean { Some(lu_of(&self.weight, &self.native)?) } else { None };
                write_direction(kind, self.weight.view(), lu, sum, scratch, direction)
            }
            Group::Orthonormal => {
                let (dim, mean) = (self.dim(), F::of(1.0 / sum.count() as f64));
                grow(scratch, dim * dim);
                sum.write(F::one(), Add::No, view_mut(scratch, dim, dim))?;
                pack_skew(view(scratch, dim, dim), mean, direction);
                Ok(())
            }
        }
    }

    /// A low-rank plain step on O(D), or a dense one where the step is too long for the low-rank
    /// form.
    fn rotate_by_factors(&mut self, rate: f64, rule: &mut dyn Rule<F>, grad: &mut ParamGrad<F>) -> Result<StepReport> {
        let ParamGrad { sum, direction, scratch, work, memory, .. } = grad;
        let (left, right) = factors(outer(sum)?)?;
        match thin_cayley(rate, left, right, &mut self.weight, scratch, work)? {
            Some(row) => {
                memory.steps += 1;
                self.forget();
                self.keep_centred(row, false, scratch)?;
                Ok(StepReport::default())
            }
            None => {
                self.write(outer(sum)?, scratch, direction)?;
                rule.step(memory, direction)?;
                let report = self.rotate(grad);
                grad.direction.clear();
                report
            }
        }
    }

    /// `W ← cayley(step) W` for the step in `grad.direction`.
    fn rotate(&mut self, grad: &mut ParamGrad<F>) -> Result<StepReport> {
        let dim = self.dim();
        let ParamGrad { direction, scratch, work, .. } = grad;
        let Rotation { halvings, large } = limit_rotation(direction)?;
        cayley_with(direction, &mut self.weight, scratch, &mut work.large)?;
        self.forget();
        self.keep_centred(longest_row(direction, dim, &mut work.wide), large, scratch)?;
        Ok(StepReport { halvings })
    }

    fn keep_centred(&mut self, row: f64, large: bool, scratch: &mut Vec<F>) -> Result<()> {
        if self.drift.charge(row) || large {
            recentre(&mut self.weight, scratch)?;
            self.drift = Drift::new(&self.weight);
        }
        Ok(())
    }

    /// A low-rank plain step on GL(D). The log-determinant is not tracked where computing its
    /// initial value would take a factorization of side [`LARGE`] or more.
    fn follow_factors(&mut self, direction: Direction, rate: f64, grad: &mut ParamGrad<F>) -> Result<StepReport> {
        let Some(side) = Side::of(direction) else { return Err(LayerError::NoRows) };
        let ParamGrad { sum, scratch, memory, work, .. } = grad;
        let (left, right) = factors(outer(sum)?)?;
        let factors = Factors { left, right, side };
        let (rows, dim) = left.dim();
        let mut report = StepReport::default();
        let known = self.log_det.is_some() || self.exact.get().is_some();
        if dim >= LARGE && !known && self.inverse.is_none() {
            if self.guard.is_behind() {
                report += self.settle()?;
            }
            self.guard.disarm();
            let safe = factors.keep_sign(rate, work)?;
            factors.move_weight(safe, &mut self.weight, scratch)?;
            memory.steps += 1;
            self.forget();
            report.halvings += safe.halvings;
            return Ok(report);
        }
        self.arm()?;
        let mut tracked = match self.log_det {
            Some(tracked) => tracked,
            None => {
                // Earlier steps of another kind need the guard's check first.
                if self.guard.is_behind() {
                    report += self.settle()?;
                }
                TrackedLogDet::exact(&self.weight, lu_of(&self.weight, &self.exact)?, &mut work.wide)?
            }
        };
        let safe = factors.keep_sign(rate, work)?;
        let (weight, exact) = (&self.weight, &self.exact);
        if let Some(inverse) = &mut self.inverse {
            inverse.ready(|| lu_of(weight, exact))?;
        }
        factors.move_weight(safe, &mut self.weight, scratch)?;
        memory.steps += 1;
        tracked.follow::<F>(safe.log_abs, dim);
        report.halvings += safe.halvings;
        self.outdate_exact();
        self.log_det = Some(tracked);
        if let Some(inverse) = &mut self.inverse {
            let (weight, exact) = (&self.weight, &self.exact);
            factors.move_inverse(safe, inverse.ready(|| lu_of(weight, exact))?, scratch, work)?;
            inverse.settle(&self.weight, scratch)?;
        }
        let steps = self.guard.count();
        if tracked.is_due(steps, Guard::<F>::spacing(dim, rows)) {
            // If the check fails, nothing is known about the weight.
            self.log_det = None;
            let settled = self.settle();
            if !matches!(settled, Ok(StepReport { halvings: 0 })) {
                self.inverse.iter_mut().for_each(TrackedInverse::forget);
            }
            report += settled?;
            let of = |lu| TrackedLogDet::exact(&self.weight, lu, &mut work.wide);
            self.log_det = self.exact.get().map(of).transpose()?;
        }
        Ok(report)
    }

    /// A step in parameter space whose direction is computed panel by panel and never stored as a
    /// whole.
    fn follow_panels(&mut self, step: &ElementwiseStep<'_, F>, grad: &mut ParamGrad<F>) -> Result<StepReport> {
        self.leave_plain_steps()?;
        let ParamGrad { sum, scratch, memory, work, .. } = grad;
        let (left, right) = factors(outer(sum)?)?;
        let (rows, dim) = left.dim();
        let mean = F::of(1.0 / rows.max(1) as f64);
        grow(scratch, rows * dim);
        let mut product = view_mut(scratch, rows, dim);
        let pair = if self.group == Group::General(Direction::RelativeLeft) {
            gemm(F::one(), left, self.weight.t(), Add::No, product.view_mut())?;
            (product.view(), right)
        } else {
            gemm(F::one(), right, self.weight.view(), Add::No, product.view_mut())?;
            (left, product.view())
        };
        panels::ascend(mean, pair, step, weight_slice(&mut self.weight)?, memory, &mut work.panels)?;
        if self.guard.due(dim, rows) { self.settle() } else { Ok(StepReport::default()) }
    }

    /// Ends a sequence of low-rank steps. They kept the sign up to this weight, so it becomes the
    /// guard's anchor; what they tracked is invalid after any other step.
    fn leave_plain_steps(&mut self) -> Result<()> {
        self.arm()?;
        if self.log_det.is_some() {
            self.guard.renew(&self.weight);
        }
        self.forget();
        Ok(())
    }

    /// A step on GL(D) by the entries of the direction.
    fn follow_entries(
        &mut self,
        direction: Direction,
        rule: &mut dyn Rule<F>,
        grad: &mut ParamGrad<F>,
    ) -> Result<StepReport> {
        let (rows, dim) = (grad.outer_mut()?.count(), self.dim());
        self.leave_plain_steps()?;
        let ParamGrad { direction: entries, scratch, memory, .. } = grad;
        match direction {
            Direction::Algebra => {
                rule.step(memory, entries)?;
                if let Some(rate) = self.shears {
                    shorten_shears(entries, dim, rate);
                    to_parts(entries, dim);
                }
                // ‖S‖ < 1 keeps I + tS invertible for all t in [0, 1], so the sign cannot change.
                let certain = crate::parallel::sum_of_squares(entries) < 1.0;
                if !certain {
                    self.guard.renew(&self.weight);
                }
                grow(scratch, dim * dim);
                check::shape("step", (1, dim * dim), (1, entries.len()))?;
                gemm(F::one(), view(entries, dim, dim), self.weight.view(), Add::No, view_mut(scratch, dim, dim))?;
                crate::parallel::add(weight_slice(&mut self.weight)?, &scratch[..dim * dim]);
                if certain {
                    return Ok(StepReport::default());
                }
                let report = self.settle()?;
                // Scale the step by the same factor as the weight's change.
                let share = F::of(report.share());
                entries.iter_mut().for_each(|step| *step *= share);
                Ok(report)
            }
            Direction::Euclidean => {
                let spare = self.native.take().unwrap_or_default();
                rule.ascend(memory, weight_slice(&mut self.weight)?, entries)?;
                // The next step needs the inverse of this factorization anyway, so the check is
                // free.
                let (halvings, lu) = self.guard.settle(&mut self.weight, spare)?;
                self.native = lu.map_or_else(OnceLock::new, OnceLock::from);
                Ok(StepReport { halvings })
            }
            Direction::Relative | Direction::RelativeLeft => {
                rule.ascend(memory, weight_slice(&mut self.weight)?, entries)?;
                if self.guard.due(dim, rows) { self.settle() } else { Ok(StepReport::default()) }
            }
        }
    }

    /// Invalidates everything derived from the weight.
    fn forget(&mut self) {
        self.outdate_exact();
        if self.group != Group::General(Direction::Euclidean) {
            self.native = OnceLock::new();
        }
        self.log_det = None;
        self.inverse.iter_mut().for_each(TrackedInverse::forget);
    }

    /// Clears the exact factorization. Its memory is kept for the next one, except from side
    /// [`LARGE`] on.
    pub(super) fn outdate_exact(&mut self) {
        self.spare = self.exact.take().or_else(|| self.spare.take()).filter(|_| self.dim() < LARGE);
    }

    fn settle(&mut self) -> Result<StepReport> {
        let spare = self.exact.take().or_else(|| self.spare.take()).unwrap_or_default();
        let (halvings, lu) = self.guard.settle(&mut self.weight, spare)?;
        self.exact = lu.map_or_else(OnceLock::new, OnceLock::from);
        Ok(StepReport { halvings })
    }
}

pub(super) fn outer<F: Real>(sum: &mut GradSum<F>) -> Result<&mut OuterSum<F>> {
    match sum {
        GradSum::Outer(sum) => Ok(sum),
        GradSum::Flat(_) => Err(LayerError::Grads { expected: 2, actual: 1 }),
    }
}

fn factors<F: Real>(sum: &mut OuterSum<F>) -> Result<(ndarray::ArrayView2<'_, F>, ndarray::ArrayView2<'_, F>)> {
    match sum.form()? {
        OuterForm::Factors(left, right) => Ok((left, right)),
        // More was added to the sum after `direct`.
        OuterForm::Matrix(_) => Err(LayerError::NoRows),
    }
}

fn weight_slice<F: Real>(weight: &mut Array2<F>) -> Result<&mut [F]> {
    weight.as_slice_mut().ok_or(LayerError::Layout { what: "weight", strides: vec![] })
}
