//! A matrix of a group as a parameter: direction, step, and the state between steps.

use ndarray::{ArrayD, Ix2};

use super::curvature::divide;
use super::drift::Drift;
use super::guard::LARGE;
use super::motion::outer;
use super::parts::{shorten_shears, to_parts};
use super::polar::polar;
use super::tracked::TrackedLogDet;
use super::{Direction, Group, GroupMatrix};
use crate::contract::{Diagnostic, Geometry, GradSum, ParamGrad, Reads, Rule, State, StepReport, mean, view};
use crate::linalg::{Lu, orthonormality_residual, singular_values};
use crate::{LayerError, Real, Result, check, parallel};

/// The direction has `[D, D]` entries on GL(D), and the `D(D−1)/2` of a strict lower triangle on
/// O(D).
///
/// With few rows it stays in factors if the rule reads no entries. The saved state is the guard's
/// anchor and the tracked quantities on GL(D), and the accumulated rounding on O(D).
impl<F: Real> Geometry<F> for GroupMatrix<F> {
    fn tensor(&self) -> ArrayD<F> {
        self.weight.clone().into_dyn()
    }

    fn set_tensor(&mut self, name: &str, tensor: ArrayD<F>) -> Result<()> {
        let dim = self.dim();
        let (expected, actual) = (vec![dim, dim], tensor.shape().to_vec());
        let unfit = LayerError::TensorShape { name: name.to_owned(), expected, actual };
        let weight = tensor.into_dimensionality::<Ix2>().map_err(|_| unfit.clone())?;
        if weight.dim() != (dim, dim) {
            return Err(unfit);
        }
        let next = Self::new(weight, self.group)?;
        let next = if self.tracks_inverse() { next.tracking_inverse() } else { next };
        *self = Self { entries: self.entries, preconditioned: self.preconditioned, shears: self.shears, ..next };
        Ok(())
    }

    fn new_grad(&self, name: String) -> ParamGrad<F> {
        let grad = ParamGrad::outer(name, self.dim());
        if self.preconditioned { grad.with_squares() } else { grad }
    }

    fn direct(&self, _rows: usize, reads: Reads, grad: &mut ParamGrad<F>) -> Result<()> {
        let ParamGrad { sum, direction, factored, scratch, .. } = grad;
        let sum = outer(sum)?;
        check::features("gradient", self.dim(), sum.dim())?;
        *factored = false;
        if sum.count() == 0 {
            // No row reached this matrix, so it does not move.
            direction.clear();
            return Ok(());
        }
        let plain = matches!(reads, Reads::Norm | Reads::Nothing);
        let by_panels = matches!(reads, Reads::Pieces | Reads::Nothing);
        let whole = self.entries || self.preconditioned || self.shears.is_some();
        *factored = !whole && ((plain && self.stays_in_factors(sum)?) || (by_panels && self.moves_by_panels(sum)?));
        if *factored {
            direction.clear();
            return Ok(());
        }
        self.write(sum, scratch, direction)?;
        if self.preconditioned {
            divide(self.group, sum, scratch, direction)?;
        }
        if self.shears.is_some() {
            to_parts(direction, self.dim());
        }
        Ok(())
    }

    fn slopes(&self, rows: usize, grad: &ParamGrad<F>, slopes: &mut Vec<f64>) -> Result<()> {
        let GradSum::Outer(sum) = &grad.sum else { return Err(LayerError::Grads { expected: 2, actual: 1 }) };
        if self.preconditioned {
            let (first, second) = ("a method that needs slopes", "a preconditioned matrix");
            return Err(LayerError::Conflict { first, second });
        }
        let each = match self.group {
            // A number moves two entries.
            Group::Orthonormal => 2.0,
            Group::General(Direction::Euclidean | Direction::Algebra) => 1.0,
            Group::General(Direction::Relative | Direction::RelativeLeft) => {
                let (first, second) = ("a method that needs slopes", "the relative direction, but with the algebra");
                return Err(LayerError::Conflict { first, second });
            }
        };
        let factor = each * sum.count() as f64 / rows.max(1) as f64;
        let start = slopes.len();
        slopes.extend(grad.direction.iter().map(|direction| factor * direction.f64()));
        if let Some(rate) = self.shears {
            shorten_shears(&mut slopes[start..], self.dim(), rate);
        }
        Ok(())
    }

    fn norm_squared(&self, grad: &mut ParamGrad<F>) -> Result<f64> {
        if !grad.factored {
            return Ok(parallel::sum_of_squares(&grad.direction));
        }
        let ParamGrad { sum, scratch, work, .. } = grad;
        self.factored_norm_squared(outer(sum)?, scratch, work)
    }

    fn step(&mut self, rule: &mut dyn Rule<F>, grad: &mut ParamGrad<F>) -> Result<StepReport> {
        if outer(&mut grad.sum)?.count() == 0 {
            return Ok(StepReport::default());
        }
        let report = self.make_step(rule, grad);
        if self.dim() >= LARGE {
            // Applies to every kind of step and check.
            self.outdate_exact();
        }
        report
    }

    fn add_to_mean(&self, share: F, mean: &mut [F]) -> Result<()> {
        mean::follow(self.weight.iter().copied(), share, mean)
    }

    fn at_mean(&self, mean: &[F]) -> Result<ArrayD<F>> {
        let dim = self.dim();
        check::features("mean", dim * dim, mean.len())?;
        let mean = view(mean, dim, dim);
        let found = match self.group {
            Group::Orthonormal => polar(mean),
            Group::General(_) => {
                let sign = Lu::<f64>::default().refactor_matrix(mean).ok().map(|found| found.negative);
                (sign == Some(self.log_det()?.negative)).then(|| mean.to_owned())
            }
        };
        Ok(found.unwrap_or_else(|| self.weight.clone()).into_dyn())
    }

    fn euclidean(&self, rows: usize, grad: &ParamGrad<F>) -> Result<ArrayD<F>> {
        let GradSum::Outer(sum) = &grad.sum else {
            return Err(LayerError::Grads { expected: 2, actual: 1 });
        };
        if sum.count() == 0 {
            return Ok(ArrayD::zeros(vec![self.dim(), self.dim()]));
        }
        // The mean over rows of the sum over the blocks of a row.
        let blocks = sum.count() / rows.max(1);
        let mean = self.euclidean_of(grad, None)?;
        Ok(if blocks == 1 { mean } else { mean.mapv(|entry| entry * F::of(blocks as f64)) }.into_dyn())
    }

    fn save_state(&self, name: &str, state: &mut State<F>) {
        match self.group {
            Group::General(_) => {
                self.guard.save(name, state);
                TrackedLogDet::save(self.log_det, name, state);
                if let Some(inverse) = &self.inverse {
                    inverse.save(name, state);
                }
            }
            Group::Orthonormal => self.drift.save(name, state),
        }
    }

    fn load_state(&mut self, name: &str, state: &mut State<F>) -> Result<()> {
        match self.group {
            Group::General(_) => {
                self.guard.load(name, self.dim(), state)?;
                self.log_det = TrackedLogDet::load(name, state)?;
                self.inverse.as_mut().map_or(Ok(()), |inverse| inverse.load(name, state))
            }
            Group::Orthonormal => {
                self.drift = Drift::load(name, state)?;
                Ok(())
            }
        }
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        let diagnostic = |what: &str, value: f64| Diagnostic { name: what.to_owned(), value };
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
}
