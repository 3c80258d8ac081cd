//! The base densities, independent over features.

use std::ops::RangeInclusive;

use ndarray::{Array1, Array2, ArrayD, ArrayView2, ArrayViewMut2};
use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal, StudentT};
use serde::{Deserialize, Serialize};

use super::student;
use crate::optim::{StepReport, UpdateRule};
use crate::{LayerError, LayerGrads, ParamGrad, Real, Result, State, Tensors, check, parallel};

/// Which base density. All are symmetric, independent over features and have a fixed scale of 1, since a linear layer in front learns
/// the scale.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum BaseSpec {
    /// `log p = −z²/2 − ½ log 2π`.
    Normal,
    /// `log p = −z − 2 log(1 + e⁻ᶻ)`.
    Logistic,
    /// `log p = −|z| − log 2`.
    Laplace,
    /// `log p = log Γ((ν+1)/2) − log Γ(ν/2) − ½ log(νπ) − (ν+1)/2·log(1 + z²/ν)`.
    StudentT {
        /// Degrees of freedom ν > 0, at the start where they are learned.
        nu: f64,
        /// Whether ν is learned (through `log ν`, which keeps it positive).
        #[serde(default)]
        learned: bool,
    },
}

/// A base density with its present parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Base {
    spec: BaseSpec,
}

/// Degrees of freedom that a Student-t density may have, learned or fixed.
const NU: RangeInclusive<f64> = 1e-2..=1e6;

impl Base {
    /// The density of a specification.
    ///
    /// # Errors
    /// [`LayerError::Range`] for ν outside [1e-2, 1e6]: below, the tails leave the range of numbers; above, Student-t is the normal to all
    /// digits and its constant, a difference of two large `ln Γ`, loses them.
    pub fn new(spec: BaseSpec) -> Result<Self> {
        match spec {
            BaseSpec::StudentT { nu, .. } if !NU.contains(&nu) => {
                Err(LayerError::Range { what: "nu", value: nu, range: "in [1e-2, 1e6]" })
            }
            _ => Ok(Self { spec }),
        }
    }

    /// The standard normal density.
    pub fn normal() -> Self {
        Self { spec: BaseSpec::Normal }
    }

    /// The specification, with ν as it is now.
    pub fn spec(&self) -> BaseSpec {
        self.spec
    }

    /// Adds `log p(z)` of each row, nats.
    ///
    /// # Errors
    /// [`LayerError::Layout`], [`LayerError::Shape`].
    pub fn add_log_density<F: Real>(&self, z: ArrayView2<'_, F>, out: &mut [f64]) -> Result<()> {
        check::log_det(z.nrows(), Some(out))?;
        let columns = z.ncols().max(1);
        let data = check::slice("base rows", &z)?;
        let constant = columns as f64
            * match self.spec {
                BaseSpec::Normal => -0.5 * (2.0 * std::f64::consts::PI).ln(),
                BaseSpec::Logistic => 0.0,
                BaseSpec::Laplace => -std::f64::consts::LN_2,
                BaseSpec::StudentT { nu, .. } => student::log_constant(nu),
            };
        let each = |out: &mut [f64], f: fn(f64, f64) -> f64, nu: f64| {
            for (out, row) in out.iter_mut().zip(data.chunks_exact(columns)) {
                *out += constant + row.iter().map(|z| f(nu, z.f64())).sum::<f64>();
            }
        };
        match self.spec {
            // The common one in vector instructions: the sum over a row is a third of a small step otherwise.
            BaseSpec::Normal => parallel::run_vectorized(&Normal { columns, constant }, (out, data)),
            BaseSpec::Logistic => each(out, |_, z| logistic(z), 0.0),
            BaseSpec::Laplace => each(out, |_, z| -z.abs(), 0.0),
            BaseSpec::StudentT { nu, .. } => each(out, student::log_kernel, nu),
        }
        Ok(())
    }

    /// `δ = ∂ log p / ∂z` of each number; for Laplace the subgradient 0 at 0.
    ///
    /// # Errors
    /// [`LayerError::Layout`], [`LayerError::Shape`].
    pub fn score<F: Real>(&self, z: ArrayView2<'_, F>, mut delta: ArrayViewMut2<'_, F>) -> Result<()> {
        check::shape("delta", z.dim(), delta.dim())?;
        let data = check::slice("base rows", &z)?;
        parallel::map(check::slice_mut("delta", &mut delta)?, data, &Score(self.spec));
        Ok(())
    }

    /// `count` rows drawn from the density.
    ///
    /// # Errors
    /// [`LayerError::Range`] for more numbers than memory can be had for.
    pub fn sample<F: Real>(&self, count: usize, features: usize, rng: &mut dyn Rng) -> Result<Array2<F>> {
        let (size, mut values) = (count.checked_mul(features), Vec::new());
        let room = size.map(|size| values.try_reserve_exact(size));
        let Some((size, Ok(()))) = size.zip(room) else {
            let value = count as f64 * features as f64;
            return Err(LayerError::Range {
                what: "numbers to draw",
                value,
                range: "as many as fit in memory",
            });
        };
        values.resize(size, F::zero());
        let mut rows =
            Array2::from_shape_vec((count, features), values).map_err(|_| LayerError::NoFeatures)?;
        self.sample_into(1.0, rng, rows.view_mut())?;
        Ok(rows)
    }

    /// Fills `z` with draws from the density, each multiplied by the temperature `T`: `p(z/T)/T` for each number, the density with its scale
    /// times `T`. For the normal density that is the standard deviation (Kingma & Dhariwal 2018), for the logistic and Laplace densities
    /// their scale, for Student-t the scale beside the same ν. `T = 1` is the density itself, `T = 0` its mode, 0.
    ///
    /// Numbers are drawn in the order of `z`, so blocks of rows hold the numbers that one call for all of them would have drawn.
    ///
    /// # Errors
    /// [`LayerError::Range`] for a temperature that is negative or not finite.
    pub fn sample_into<F: Real>(
        &self,
        temperature: f64,
        rng: &mut dyn Rng,
        mut z: ArrayViewMut2<'_, F>,
    ) -> Result<()> {
        check::temperature(temperature)?;
        if temperature == 0.0 {
            // A draw may be beyond the range of numbers, and 0 times it is none.
            z.fill(F::zero());
            return Ok(());
        }
        let student = match self.spec {
            BaseSpec::StudentT { nu, .. } => Some(StudentT::new(nu).map_err(|_| LayerError::Range {
                what: "nu",
                value: nu,
                range: "positive and finite",
            })?),
            _ => None,
        };
        let open = |rng: &mut dyn Rng| loop {
            let u: f64 = rng.random();
            if u > 0.0 {
                return u;
            }
        };
        for z in &mut z {
            let drawn = match (&student, self.spec) {
                (Some(student), _) => student.sample(rng),
                (None, BaseSpec::Logistic) => {
                    let u = open(rng);
                    (u / (1.0 - u)).ln()
                }
                (None, BaseSpec::Laplace) => {
                    let magnitude = -open(rng).ln();
                    if rng.random::<bool>() { magnitude } else { -magnitude }
                }
                (None, _) => StandardNormal.sample(rng),
            };
            *z = F::of(temperature * drawn);
        }
        Ok(())
    }

    /// Empty gradients: one number where ν is learned, nothing otherwise.
    pub fn new_grads<F: Real>(&self) -> LayerGrads<F> {
        match self.spec {
            BaseSpec::StudentT { learned: true, .. } => LayerGrads::of(vec![ParamGrad::flat("log_nu", 1)]),
            _ => LayerGrads::default(),
        }
    }

    /// Adds the gradient of `Σ_rows log p` with respect to `log ν`, where that is learned.
    ///
    /// # Errors
    /// Gradients of another base.
    pub fn accumulate<F: Real>(&self, z: ArrayView2<'_, F>, grads: &mut LayerGrads<F>) -> Result<()> {
        grads.rows += z.nrows();
        if let BaseSpec::StudentT { nu, learned: true } = self.spec {
            let [param] = grads.params_mut()?;
            let sum: f64 = z.iter().map(|z| student::log_nu_gradient(nu, z.f64())).sum();
            param.flat_mut()?[0] += F::of(sum);
        }
        Ok(())
    }

    /// The direction in `log ν`: the plain mean gradient.
    ///
    /// # Errors
    /// No rows.
    pub fn direct<F: Real>(&self, grads: &mut LayerGrads<F>) -> Result<()> {
        if let BaseSpec::StudentT { learned: true, .. } = self.spec {
            let rows = grads.some_rows()?;
            let [param] = grads.params_mut()?;
            param.write_mean(rows)?;
        }
        Ok(())
    }

    /// `ν ← ν·exp(step)`, kept within [1e-2, 1e6].
    ///
    /// # Errors
    /// Gradients of another base.
    pub fn update<F: Real>(
        &mut self,
        rule: &mut dyn UpdateRule<F>,
        grads: &mut LayerGrads<F>,
    ) -> Result<StepReport> {
        if let BaseSpec::StudentT { nu, learned: true } = &mut self.spec {
            let [param] = grads.params_mut()?;
            rule.step(&mut param.memory, &mut param.direction)?;
            let next = *nu * param.direction[0].f64().exp();
            if next.is_finite() {
                // As its tensor will say: a flow in training scores as its file does.
                *nu = from_log(F::of(next.clamp(*NU.start(), *NU.end()).ln()));
            }
        }
        Ok(StepReport::default())
    }

    /// Named tensors: `log_nu` where ν is learned.
    pub fn tensors<F: Real>(&self) -> Vec<(String, ArrayD<F>)> {
        match self.spec {
            BaseSpec::StudentT { nu, learned: true } => {
                vec![("log_nu".into(), Array1::from_elem(1, F::of(nu.ln())).into_dyn())]
            }
            _ => Vec::new(),
        }
    }

    /// Writes ν to the last bit, where it is learned: in `f64`, that of its logarithm may differ by a rounding.
    pub fn save_state<F: Real>(&self, state: &mut State<F>) {
        if let BaseSpec::StudentT { nu, learned: true } = self.spec {
            state.put_number("nu", nu.to_bits());
        }
    }

    /// Takes back what [`save_state`](Self::save_state) wrote.
    ///
    /// # Errors
    /// A missing number; ν outside its range.
    pub fn load_state<F: Real>(&mut self, state: &mut State<F>) -> Result<()> {
        if let BaseSpec::StudentT { learned: true, .. } = self.spec {
            let nu = f64::from_bits(state.take_number("nu")?);
            *self = Self::new(BaseSpec::StudentT { nu, learned: true })?;
        }
        Ok(())
    }

    /// Takes back what [`tensors`](Self::tensors) gave.
    ///
    /// # Errors
    /// A missing tensor; ν outside its range.
    pub fn set_tensors<F: Real>(&mut self, tensors: &mut Tensors<F>) -> Result<()> {
        if let BaseSpec::StudentT { learned: true, .. } = self.spec {
            let nu = from_log(tensors.vector("log_nu", Some(1))?[0]);
            *self = Self::new(BaseSpec::StudentT { nu, learned: true })?;
        }
        Ok(())
    }
}

/// ν by its logarithm. The ends of its range come back within a rounding of the logarithm's precision, and are meant.
fn from_log<F: Real>(log_nu: F) -> f64 {
    let nu = log_nu.f64().exp();
    let end = [*NU.start(), *NU.end()].into_iter().find(|end| (nu / end - 1.0).abs() < 64.0 * F::EPS);
    end.unwrap_or(nu)
}

/// The normal log-density of each row.
struct Normal {
    columns: usize,
    constant: f64,
}

impl<'a, F: Real> parallel::Pass<(&'a mut [f64], &'a [F])> for Normal {
    #[inline(always)]
    fn run(&self, (out, data): (&'a mut [f64], &'a [F])) {
        for (out, row) in out.iter_mut().zip(data.chunks_exact(self.columns)) {
            *out += self.constant - 0.5 * parallel::lane_sum(row, |z| z * z);
        }
    }
}

/// `δ` of each number.
struct Score(BaseSpec);

impl<'a, F: Real> parallel::Pass<(&'a mut [F], &'a [F])> for Score {
    #[inline(always)]
    fn run(&self, (delta, z): (&'a mut [F], &'a [F])) {
        let each = delta.iter_mut().zip(z);
        match self.0 {
            BaseSpec::Normal => each.for_each(|(delta, &z)| *delta = -z),
            BaseSpec::Logistic => {
                each.for_each(|(delta, &z)| *delta = -num_traits::Float::tanh(z * F::of(0.5)));
            }
            BaseSpec::Laplace => each.for_each(|(delta, &z)| {
                *delta = if z == F::zero() { F::zero() } else { -num_traits::Float::signum(z) };
            }),
            BaseSpec::StudentT { nu, .. } => {
                let (above, nu) = (F::of(nu + 1.0), F::of(nu));
                each.for_each(|(delta, &z)| *delta = -above * z / (nu + z * z));
            }
        }
    }
}

/// `−|z| − 2 log(1 + e^{−|z|})`: the logistic log-density, which is even.
fn logistic(z: f64) -> f64 {
    let z = z.abs();
    -z - 2.0 * (-z).exp().ln_1p()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp)]
mod tests {
    use super::*;

    /// The logarithm of an end of the range, rounded, may lie beyond it: what is read back is the end itself.
    fn the_ends_come_back<F: Real>() {
        for nu in [*NU.start(), *NU.end()] {
            let mut base = Base::new(BaseSpec::StudentT { nu, learned: true }).unwrap();
            let tensors = base.tensors::<F>();
            base.set_tensors(&mut Tensors::from_iter(tensors)).unwrap();
            assert_eq!(base.spec(), BaseSpec::StudentT { nu, learned: true });
            // A few roundings of the logarithm away too, in either direction; a hundred times as far is another number.
            for roundings in [-16.0, 16.0] {
                let near = F::of(nu.ln() + roundings * F::EPS);
                assert_eq!(from_log(near), nu, "{roundings} roundings from {nu}");
                assert_ne!(from_log(F::of(nu.ln() + 100.0 * roundings * F::EPS)), nu);
            }
        }
        assert_ne!(from_log(F::of(0.5)), *NU.end());
    }

    #[test]
    fn ends_of_the_degrees_of_freedom_come_back() {
        the_ends_come_back::<f32>();
        the_ends_come_back::<f64>();
    }
}
