//! Positive numbers: the 1×1 case of a matrix group.

use ndarray::{Array1, ArrayD};
use serde::{Deserialize, Serialize};

use super::values::{self, finite_step, multiplied};
use crate::contract::{Geometry, ParamGrad, Reads, Rule, StepReport, mean};
use crate::{LayerError, Real, Result};

/// The direction in which a positive number moves, and the coordinates of its optimizer. With
/// `b = δ`, all three directions vanish at `s = −1/mean(b x)`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScaleDirection {
    /// `b x + 1/s` (equation 1 of the founding note); `s ← s + η·opt`.
    Euclidean,
    /// `b x s² + s` (equation 2), without division; `s ← s + η·opt`.
    Relative,
    #[default]
    /// `b x s + 1`; `s ← s·exp(η·opt)`, which is always positive.
    Algebra,
}

/// Numbers `s > 0` with `log|det| = Σ log s`. An additive step that would reach 0 is halved.
#[derive(Debug, Clone)]
pub struct Positive<F> {
    values: Array1<F>,
    direction: ScaleDirection,
    /// See [`shared`](Self::shared).
    positions: Vec<f64>,
}

impl<F: Real> Positive<F> {
    /// The given values.
    ///
    /// # Errors
    /// [`LayerError::NotPositive`] for a value that is not positive and finite.
    pub fn new(values: Array1<F>, direction: ScaleDirection) -> Result<Self> {
        positive(&values)?;
        Ok(Self { values, direction, positions: Vec::new() })
    }

    /// The same numbers, each shared by the given number of positions of a row. Gradients are
    /// accumulated as means over positions.
    pub fn shared(self, positions: Vec<f64>) -> Self {
        Self { positions, ..self }
    }

    /// The values.
    pub fn values(&self) -> &Array1<F> {
        &self.values
    }

    /// The direction in which the numbers move.
    pub fn direction(&self) -> ScaleDirection {
        self.direction
    }
}

/// Checks that all values are positive and finite.
pub(super) fn positive<'a, F: Real>(values: impl IntoIterator<Item = &'a F>) -> Result<()> {
    let bad = |s: &F| !(*s > F::zero() && num_traits::Float::is_finite(*s));
    match values.into_iter().enumerate().find(|(_, value)| bad(value)) {
        Some((index, value)) => Err(LayerError::NotPositive { index, value: value.f64() }),
        None => Ok(()),
    }
}

impl<F: Real> Geometry<F> for Positive<F> {
    fn tensor(&self) -> ArrayD<F> {
        self.values.clone().into_dyn()
    }

    fn set_tensor(&mut self, name: &str, tensor: ArrayD<F>) -> Result<()> {
        values::assign(name, &mut self.values, tensor, |_, values| positive(values))
    }

    fn new_grad(&self, name: String) -> ParamGrad<F> {
        ParamGrad::flat(name, self.values.len())
    }

    fn direct(&self, rows: usize, _: Reads, grad: &mut ParamGrad<F>) -> Result<()> {
        grad.write_mean(rows)?;
        for (direction, &s) in grad.direction.iter_mut().zip(&self.values) {
            let bx = *direction;
            *direction = match self.direction {
                ScaleDirection::Euclidean => bx + F::one() / s,
                ScaleDirection::Relative => bx * s * s + s,
                ScaleDirection::Algebra => bx * s + F::one(),
            };
        }
        Ok(())
    }

    fn slopes(&self, _: usize, grad: &ParamGrad<F>, slopes: &mut Vec<f64>) -> Result<()> {
        let own = grad.direction.iter().zip(&self.values).map(|(&direction, &s)| match self.direction {
            ScaleDirection::Relative => direction / (s * s),
            ScaleDirection::Euclidean | ScaleDirection::Algebra => direction,
        });
        slopes.extend(multiplied(own.collect(), &self.positions).into_iter().map(F::f64));
        Ok(())
    }

    fn step(&mut self, rule: &mut dyn Rule<F>, grad: &mut ParamGrad<F>) -> Result<StepReport> {
        rule.step(&mut grad.memory, &mut grad.direction)?;
        finite_step(&grad.direction)?;
        let mut halvings = 0;
        for (s, &step) in self.values.iter_mut().zip(&grad.direction) {
            if self.direction == ScaleDirection::Algebra {
                let next = *s * num_traits::Float::exp(step);
                // exp underflows or overflows only for an absurdly large step; the scale then
                // stays.
                if next > F::zero() && num_traits::Float::is_finite(next) {
                    *s = next
                } else {
                    halvings += 1
                }
                continue;
            }
            let mut step = step;
            while *s + step <= F::zero() {
                step *= F::of(0.5);
                halvings += 1;
            }
            *s += step;
        }
        Ok(StepReport { halvings })
    }

    fn add_to_mean(&self, share: F, mean: &mut [F]) -> Result<()> {
        mean::follow(self.values.iter().map(|&s| num_traits::Float::ln(s)), share, mean)
    }

    fn at_mean(&self, mean: &[F]) -> Result<ArrayD<F>> {
        mean::shaped(self.values.shape(), mean.iter().map(|&log| num_traits::Float::exp(log)))
    }

    fn euclidean(&self, rows: usize, grad: &ParamGrad<F>) -> Result<ArrayD<F>> {
        let mean = Array1::from(grad.mean(rows)?);
        let gradient = mean + self.values.mapv(|s| F::one() / s);
        Ok(Array1::from(multiplied(gradient.to_vec(), &self.positions)).into_dyn())
    }
}
