//! Unconstrained numbers.

use ndarray::{Array, ArrayD, ArrayRef, Dimension};

use super::values::{self, finite_step, multiplied};
use crate::contract::{Geometry, ParamGrad, Reads, Rule, StepReport, mean};
use crate::{Real, Result, parallel};

/// Unconstrained numbers: the Euclidean direction `mean ∂ log p/∂θ` and additive steps.
#[derive(Debug, Clone)]
pub struct Free<F, D: Dimension> {
    values: Array<F, D>,
    /// See [`shared`](Self::shared).
    positions: Vec<f64>,
    /// See [`decaying`](Self::decaying).
    decays: bool,
}

impl<F: Real, D: Dimension> Free<F, D> {
    /// The given values, in row-major order. `what` names them in errors.
    ///
    /// # Errors
    /// [`LayerError::NonFinite`](crate::LayerError::NonFinite).
    pub fn new(what: &'static str, values: Array<F, D>) -> Result<Self> {
        Ok(Self { values: values::checked(what, values)?, positions: Vec::new(), decays: false })
    }

    /// The same numbers, each shared by the given number of positions of a row. Gradients are
    /// accumulated as means over positions, so that learning rates do not depend on the length of a
    /// signal.
    pub fn shared(self, positions: Vec<f64>) -> Self {
        Self { positions, ..self }
    }

    /// The same numbers, subject to the [weight decay](Rule::decay) of the optimizer: the weights of
    /// a network.
    pub fn decaying(self) -> Self {
        Self { decays: true, ..self }
    }

    /// The values.
    pub fn values(&self) -> &Array<F, D> {
        &self.values
    }

    /// The values as a slice, in row-major order.
    pub fn slice(&self) -> &[F] {
        self.values.as_slice().unwrap_or(&[])
    }

    /// The values, for writing.
    pub fn values_mut(&mut self) -> &mut ArrayRef<F, D> {
        &mut self.values
    }
}

impl<F: Real, D: Dimension> Geometry<F> for Free<F, D> {
    fn tensor(&self) -> ArrayD<F> {
        self.values.clone().into_dyn()
    }

    fn set_tensor(&mut self, name: &str, tensor: ArrayD<F>) -> Result<()> {
        values::assign(name, &mut self.values, tensor, |name, values| values::finite(name, values))
    }

    fn new_grad(&self, name: String) -> ParamGrad<F> {
        ParamGrad::flat(name, self.values.len())
    }

    fn direct(&self, rows: usize, _: Reads, grad: &mut ParamGrad<F>) -> Result<()> {
        grad.write_mean(rows)
    }

    fn slopes(&self, _: usize, grad: &ParamGrad<F>, slopes: &mut Vec<f64>) -> Result<()> {
        slopes.extend(multiplied(grad.direction.clone(), &self.positions).into_iter().map(F::f64));
        Ok(())
    }

    fn step(&mut self, rule: &mut dyn Rule<F>, grad: &mut ParamGrad<F>) -> Result<StepReport> {
        let values = values::slice_mut(&mut self.values)?;
        crate::check::features("step", values.len(), grad.direction.len())?;
        let decay = if self.decays { rule.decay() } else { 0.0 };
        if decay > 0.0 {
            parallel::add_multiple(values, F::of(-decay));
        }
        rule.ascend(&mut grad.memory, values, &mut grad.direction)?;
        finite_step(&grad.direction)?;
        Ok(StepReport::default())
    }

    fn add_to_mean(&self, share: F, mean: &mut [F]) -> Result<()> {
        mean::follow(self.slice().iter().copied(), share, mean)
    }

    fn euclidean(&self, rows: usize, grad: &ParamGrad<F>) -> Result<ArrayD<F>> {
        values::shaped(&self.values, multiplied(grad.mean(rows)?, &self.positions))
    }
}
