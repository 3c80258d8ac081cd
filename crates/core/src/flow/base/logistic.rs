//! The logistic density.

use ndarray::ArrayViewMut2;
use rand::Rng;

use super::draw::{fill, open_unit};
use super::elementwise::{self, Each, Score};
use crate::contract::{Base, BaseSpec, Draw, Input, Out, Parametric};
use crate::{Real, Result};

/// `log p(z) = −z − 2 log(1 + e⁻ᶻ)` for each feature. A temperature multiplies its scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Logistic;

impl<F: Real> Parametric<F> for Logistic {}

impl<F: Real> Base<F> for Logistic {
    fn spec(&self) -> BaseSpec {
        BaseSpec::plain("logistic")
    }

    fn add_log_density(&self, z: Input<'_, F>, out: &mut [f64]) -> Result<()> {
        elementwise::add_log_density(z.x, out, 0.0, log_density)
    }

    fn score(&self, z: Input<'_, F>, delta: ArrayViewMut2<'_, F>) -> Result<()> {
        elementwise::score(z.x, delta, &Each(*self))
    }

    fn sample_into(&self, draw: Draw<'_, F>, rng: &mut dyn Rng, z: Out<F>) -> Result<()> {
        fill(draw.temperature, z, || {
            let u = open_unit(rng);
            (u / (1.0 - u)).ln()
        })
    }
}

impl Score for Logistic {
    #[inline(always)]
    fn at<F: Real>(&self, z: F) -> F {
        -num_traits::Float::tanh(z * F::of(0.5))
    }
}

/// `−|z| − 2 log(1 + e^{−|z|})`: the density is even.
fn log_density(z: f64) -> f64 {
    let z = z.abs();
    -z - 2.0 * (-z).exp().ln_1p()
}
