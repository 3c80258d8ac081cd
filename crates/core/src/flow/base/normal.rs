//! The standard normal density.

use ndarray::ArrayViewMut2;
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

use super::draw::fill;
use super::elementwise::{Each, Score, score};
use crate::contract::{Base, BaseSpec, Draw, Input, Out, Parametric};
use crate::{Real, Result, check, parallel};

/// `log p(z) = −z²/2 − ½ log 2π` for each feature. At temperature `T` the standard deviation is `T`
/// (Kingma & Dhariwal 2018).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Normal;

impl<F: Real> Parametric<F> for Normal {}

impl<F: Real> Base<F> for Normal {
    fn spec(&self) -> BaseSpec {
        BaseSpec::plain("normal")
    }

    fn add_log_density(&self, z: Input<'_, F>, out: &mut [f64]) -> Result<()> {
        check::log_det(z.x.nrows(), Some(out))?;
        let columns = z.x.ncols().max(1);
        let constant = columns as f64 * (-0.5 * (2.0 * std::f64::consts::PI).ln());
        // Vectorized: otherwise the sum over a row is a third of a small step.
        parallel::run_vectorized(&Rows { columns, constant }, (out, check::slice("base rows", &z.x)?));
        Ok(())
    }

    fn score(&self, z: Input<'_, F>, delta: ArrayViewMut2<'_, F>) -> Result<()> {
        score(z.x, delta, &Each(*self))
    }

    fn sample_into(&self, draw: Draw<'_, F>, rng: &mut dyn Rng, z: Out<F>) -> Result<()> {
        fill(draw.temperature, z, || StandardNormal.sample(rng))
    }
}

impl Score for Normal {
    #[inline(always)]
    fn at<F: Real>(&self, z: F) -> F {
        -z
    }
}

/// The log-density of each row.
struct Rows {
    columns: usize,
    constant: f64,
}

impl<'a, F: Real> parallel::Pass<(&'a mut [f64], &'a [F])> for Rows {
    #[inline(always)]
    fn run(&self, (out, data): (&'a mut [f64], &'a [F])) {
        for (out, row) in out.iter_mut().zip(data.chunks_exact(self.columns)) {
            *out += self.constant - 0.5 * parallel::lane_sum(row, |z| z * z);
        }
    }
}
