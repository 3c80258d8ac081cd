//! Student's t density.

use std::ops::RangeInclusive;

use ndarray::{ArrayD, ArrayViewMut2, IxDyn};
use rand::Rng;
use rand_distr::Distribution;
use serde::{Deserialize, Serialize};
use statrs::function::gamma::{digamma, ln_gamma};

use super::draw::fill;
use super::elementwise::{self, Each, Score};
use crate::contract::{
    Base, BaseSpec, Draw, Geometry, Input, Out, ParamGrad, Parametric, Reads, Rule, State, StepReport, Visit, VisitMut,
    exactly,
};
use crate::{LayerError, Real, Result};

/// `log p(z) = log Γ((ν+1)/2) − log Γ(ν/2) − ½ log(νπ) − (ν+1)/2·log(1 + z²/ν)` for each feature,
/// with a fixed or learned ν. A temperature multiplies its scale.
#[derive(Debug, Clone, PartialEq)]
pub struct StudentT {
    nu: DegreesOfFreedom,
    learned: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    /// Degrees of freedom ν; the initial value if they are learned.
    nu: f64,
    /// Whether ν is learned, through `log ν`, which keeps it positive.
    #[serde(default)]
    learned: bool,
}

impl StudentT {
    /// A density with `nu` degrees of freedom, trained if `learned`.
    ///
    /// # Errors
    /// [`LayerError::Range`] for ν outside [1e-2, 1e6]. Below, the tails exceed the range of
    /// floating-point numbers; above, Student-t equals the normal density to all digits, and its
    /// constant, a difference of two large `ln Γ`, loses them.
    pub fn new(nu: f64, learned: bool) -> Result<Self> {
        Ok(Self { nu: DegreesOfFreedom::new(nu)?, learned })
    }

    pub(super) fn of(spec: &BaseSpec) -> Result<Self> {
        let Options { nu, learned } = spec.parse()?;
        Self::new(nu, learned)
    }

    /// The present ν.
    pub fn nu(&self) -> f64 {
        self.nu.0
    }
}

impl<F: Real> Parametric<F> for StudentT {
    fn parameters(&self, visit: &mut Visit<'_, F>) -> Result<()> {
        if self.learned { visit(&"log_nu", &self.nu) } else { Ok(()) }
    }

    fn parameters_mut(&mut self, visit: &mut VisitMut<'_, F>) -> Result<()> {
        if self.learned { visit(&"log_nu", &mut self.nu) } else { Ok(()) }
    }
}

impl<F: Real> Base<F> for StudentT {
    fn spec(&self) -> BaseSpec {
        BaseSpec::new("student-t", &Options { nu: self.nu.0, learned: self.learned })
    }

    fn add_log_density(&self, z: Input<'_, F>, out: &mut [f64]) -> Result<()> {
        let nu = self.nu.0;
        let constant = ln_gamma(0.5 * (nu + 1.0)) - ln_gamma(0.5 * nu) - 0.5 * (nu * std::f64::consts::PI).ln();
        elementwise::add_log_density(z.x, out, constant, |z| -0.5 * (nu + 1.0) * (z * z / nu).ln_1p())
    }

    fn score(&self, z: Input<'_, F>, delta: ArrayViewMut2<'_, F>) -> Result<()> {
        elementwise::score(z.x, delta, &Each(self.nu))
    }

    fn accumulate(&self, z: Input<'_, F>, grads: &mut [ParamGrad<F>]) -> Result<()> {
        if self.learned {
            let [param] = exactly(grads)?;
            let sum: f64 = z.x.iter().map(|z| log_nu_gradient(self.nu.0, z.f64())).sum();
            param.flat_mut()?[0] += F::of(sum);
        }
        Ok(())
    }

    fn sample_into(&self, draw: Draw<'_, F>, rng: &mut dyn Rng, z: Out<F>) -> Result<()> {
        let (value, range) = (self.nu.0, "positive and finite");
        let density = rand_distr::StudentT::new(value).map_err(|_| LayerError::Range { what: "nu", value, range })?;
        fill(draw.temperature, z, || density.sample(rng))
    }
}

/// `∂ log p / ∂ log ν` at `z`.
fn log_nu_gradient(nu: f64, z: f64) -> f64 {
    let constant = 0.5 * (digamma(0.5 * (nu + 1.0)) - digamma(0.5 * nu)) - 0.5 / nu;
    let square = z * z;
    let kernel = -0.5 * (square / nu).ln_1p() + 0.5 * (nu + 1.0) * square / (nu * (nu + square));
    nu * (constant + kernel)
}

/// Range of ν, learned or fixed.
const NU: RangeInclusive<f64> = 1e-2..=1e6;

/// ν, which moves by `ν ← ν·exp(step)` within its range. Its tensor is `log ν`.
#[derive(Debug, Clone, Copy, PartialEq)]
struct DegreesOfFreedom(f64);

impl DegreesOfFreedom {
    fn new(nu: f64) -> Result<Self> {
        if NU.contains(&nu) {
            return Ok(Self(nu));
        }
        Err(LayerError::Range { what: "nu", value: nu, range: "in [1e-2, 1e6]" })
    }

    /// ν from its logarithm. The ends of the range are restored exactly, although rounding the
    /// logarithm may move them.
    fn from_log<F: Real>(log_nu: F) -> f64 {
        let nu = log_nu.f64().exp();
        let end = [*NU.start(), *NU.end()].into_iter().find(|end| (nu / end - 1.0).abs() < 64.0 * F::EPS);
        end.unwrap_or(nu)
    }
}

impl Score for DegreesOfFreedom {
    #[inline(always)]
    fn at<F: Real>(&self, z: F) -> F {
        let (above, nu) = (F::of(self.0 + 1.0), F::of(self.0));
        -above * z / (nu + z * z)
    }
}

impl<F: Real> Geometry<F> for DegreesOfFreedom {
    fn tensor(&self) -> ArrayD<F> {
        ArrayD::from_elem(IxDyn(&[1]), F::of(self.0.ln()))
    }

    fn set_tensor(&mut self, name: &str, tensor: ArrayD<F>) -> Result<()> {
        let (expected, actual) = (vec![1], tensor.shape().to_vec());
        match tensor.first() {
            Some(&log_nu) if actual == expected => {
                *self = Self::new(Self::from_log(log_nu))?;
                Ok(())
            }
            _ => Err(LayerError::TensorShape { name: name.to_owned(), expected, actual }),
        }
    }

    fn new_grad(&self, name: String) -> ParamGrad<F> {
        ParamGrad::flat(name, 1)
    }

    fn direct(&self, rows: usize, _: Reads, grad: &mut ParamGrad<F>) -> Result<()> {
        grad.write_mean(rows)
    }

    fn step(&mut self, rule: &mut dyn Rule<F>, grad: &mut ParamGrad<F>) -> Result<StepReport> {
        rule.step(&mut grad.memory, &mut grad.direction)?;
        let next = self.0 * grad.direction.first().map_or(f64::NAN, |step| step.f64()).exp();
        if next.is_finite() {
            // Round ν as its tensor will be, so that a flow in training scores like its file.
            self.0 = Self::from_log(F::of(next.clamp(*NU.start(), *NU.end()).ln()));
        }
        Ok(StepReport::default())
    }

    fn euclidean(&self, rows: usize, grad: &ParamGrad<F>) -> Result<ArrayD<F>> {
        let mean = grad.mean(rows)?;
        let actual = mean.len();
        ArrayD::from_shape_vec(IxDyn(&[1]), mean).map_err(|_| LayerError::Grads { expected: 1, actual })
    }

    /// Writes ν to the last bit, since the logarithm may round.
    fn save_state(&self, name: &str, state: &mut State<F>) {
        state.put_number(&sibling(name), self.0.to_bits());
    }

    fn load_state(&mut self, name: &str, state: &mut State<F>) -> Result<()> {
        *self = Self::new(f64::from_bits(state.take_number(&sibling(name))?))?;
        Ok(())
    }
}

/// `base.nu` for `base.log_nu`.
fn sibling(name: &str) -> String {
    format!("{}nu", name.strip_suffix("log_nu").unwrap_or(name))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp)]
mod tests {
    use super::*;
    use crate::contract::{ParametricExt, Tensors};

    /// The rounded logarithm of an end of the range may lie beyond it; reading it restores the end.
    fn the_ends_come_back<F: Real>() {
        for nu in [*NU.start(), *NU.end()] {
            let mut base = StudentT::new(nu, true).unwrap();
            let tensors = ParametricExt::<F>::tensors(&base);
            base.set_tensors(&mut Tensors::from_iter(tensors)).unwrap();
            assert_eq!(base, StudentT::new(nu, true).unwrap());
            // A few roundings in either direction are still the end; a hundred times as many are
            // not.
            for roundings in [-16.0, 16.0] {
                let near = F::of(nu.ln() + roundings * F::EPS);
                assert_eq!(DegreesOfFreedom::from_log(near), nu, "{roundings} roundings from {nu}");
                let far = F::of(nu.ln() + 100.0 * roundings * F::EPS);
                assert_ne!(DegreesOfFreedom::from_log(far), nu);
            }
        }
        assert_ne!(DegreesOfFreedom::from_log(F::of(0.5)), *NU.end());
    }

    #[test]
    fn ends_of_the_degrees_of_freedom_come_back() {
        the_ends_come_back::<f32>();
        the_ends_come_back::<f64>();
    }
}
