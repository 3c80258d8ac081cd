//! The Laplace density.

use ndarray::ArrayViewMut2;
use rand::{Rng, RngExt};

use super::draw::{fill, open_unit};
use super::elementwise::{self, Each, Score};
use crate::contract::{Base, BaseSpec, Draw, Input, Out, Parametric};
use crate::{Real, Result};

/// `log p(z) = −|z| − log 2` for each feature; its score at 0 is the subgradient 0. A temperature
/// multiplies its scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Laplace;

impl<F: Real> Parametric<F> for Laplace {}

impl<F: Real> Base<F> for Laplace {
    fn spec(&self) -> BaseSpec {
        BaseSpec::plain("laplace")
    }

    fn add_log_density(&self, z: Input<'_, F>, out: &mut [f64]) -> Result<()> {
        elementwise::add_log_density(z.x, out, -std::f64::consts::LN_2, |z| -z.abs())
    }

    fn score(&self, z: Input<'_, F>, delta: ArrayViewMut2<'_, F>) -> Result<()> {
        elementwise::score(z.x, delta, &Each(*self))
    }

    fn sample_into(&self, draw: Draw<'_, F>, rng: &mut dyn Rng, z: Out<F>) -> Result<()> {
        fill(draw.temperature, z, || {
            let magnitude = -open_unit(rng).ln();
            if rng.random::<bool>() { magnitude } else { -magnitude }
        })
    }
}

impl Score for Laplace {
    #[inline(always)]
    fn at<F: Real>(&self, z: F) -> F {
        if z == F::zero() { F::zero() } else { -num_traits::Float::signum(z) }
    }
}
