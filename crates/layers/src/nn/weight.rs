//! The weight of a map, with the entries that its mask keeps at 0.

use ndarray::{Array2, ArrayD, Ix2};
use pdmap_core::contract::{Geometry, Reads, Rule, StepReport};
use pdmap_core::group::Free;
use pdmap_core::{ParamGrad, Real, Result};

use super::mask::Mask;

/// Unconstrained numbers `[outputs, inputs]`, subject to weight decay. Masked entries are 0: they
/// have no gradient, no optimizer moves them, and other values are refused.
#[derive(Debug, Clone)]
pub(super) struct Weight<F> {
    free: Free<F, Ix2>,
    mask: Mask,
}

impl<F: Real> Weight<F> {
    /// The values, with the masked ones set to 0. `what` names them in errors.
    pub(super) fn new(what: &'static str, values: Array2<F>, mask: Mask) -> Result<Self> {
        let mut weight = Self { free: Free::new(what, values)?.decaying(), mask };
        weight.clear();
        Ok(weight)
    }

    pub(super) fn values(&self) -> &Array2<F> {
        self.free.values()
    }

    fn inputs(&self) -> usize {
        self.free.values().ncols()
    }

    fn clear(&mut self) {
        let inputs = self.inputs();
        if let Some(values) = self.free.values_mut().as_slice_mut() {
            self.mask.clear(values, inputs);
        }
    }
}

impl<F: Real> Geometry<F> for Weight<F> {
    fn tensor(&self) -> ArrayD<F> {
        self.free.tensor()
    }

    fn set_tensor(&mut self, name: &str, tensor: ArrayD<F>) -> Result<()> {
        if tensor.shape() == self.free.values().shape() {
            self.mask.check_tensor(name, &tensor)?;
        }
        self.free.set_tensor(name, tensor)
    }

    fn new_grad(&self, name: String) -> ParamGrad<F> {
        self.free.new_grad(name)
    }

    fn direct(&self, rows: usize, reads: Reads, grad: &mut ParamGrad<F>) -> Result<()> {
        self.free.direct(rows, reads, grad)?;
        self.mask.clear(&mut grad.direction, self.inputs());
        Ok(())
    }

    fn slopes(&self, rows: usize, grad: &ParamGrad<F>, slopes: &mut Vec<f64>) -> Result<()> {
        self.free.slopes(rows, grad, slopes)
    }

    fn step(&mut self, rule: &mut dyn Rule<F>, grad: &mut ParamGrad<F>) -> Result<StepReport> {
        let report = self.free.step(rule, grad)?;
        self.clear();
        Ok(report)
    }

    fn add_to_mean(&self, share: F, mean: &mut [F]) -> Result<()> {
        self.free.add_to_mean(share, mean)
    }

    fn euclidean(&self, rows: usize, grad: &ParamGrad<F>) -> Result<ArrayD<F>> {
        let mut gradient = self.free.euclidean(rows, grad)?;
        if let Some(values) = gradient.as_slice_mut() {
            self.mask.clear(values, self.inputs());
        }
        Ok(gradient)
    }
}
