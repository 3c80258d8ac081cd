//! A fitted flow: draws with weights, and the normalizing constant.

use ndarray::{Array2, ArrayView2};
use pdmap_core::flow::base::{Normal, draw};
use pdmap_core::special::log_sum_exp;
use pdmap_core::{Base, Chain, Input, LayerExt, Real};
use rand::Rng;

use super::target::Target;
use crate::error::TrainError;

/// A flow `x = f(z)` of normal draws `z`, fitted to a density `p̃` up to a factor.
#[derive(Debug, Clone)]
pub struct FittedTo<F: Real> {
    pub(super) chain: Chain<F>,
    pub(super) target: Target<F>,
    pub(super) features: usize,
    /// `(step, mean of log p̃(x) − log q(x) over the draws of the step)`, nats: lower bounds of `log Z`.
    pub curve: Vec<(u64, f64)>,
}

/// Draws of the flow, with what importance sampling needs.
#[derive(Debug, Clone)]
pub struct Weighted<F> {
    /// The draws, `[count, features]`.
    pub x: Array2<F>,
    /// `log q(x)` of each under the flow, nats.
    pub log_q: Vec<f64>,
    /// `log p̃(x)` of each, nats.
    pub log_p: Vec<f64>,
}

/// An estimate of `Z = ∫ p̃(x) dx`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// `log Z`, by the mean of the weights `p̃/q`, nats.
    pub log_z: f64,
    /// Its standard error, by the variance of the weights.
    pub error: f64,
    /// `mean log(p̃/q) ≤ log Z` in expectation: the evidence lower bound.
    pub lower_bound: f64,
    /// `(Σ w)²/Σ w²`: as many draws of the target itself would tell as much. Far fewer than there are
    /// draws say that `q` misses parts of the target that some draws have reached; parts that no
    /// draw reached are not seen in it.
    pub effective: f64,
}

impl<F: Real> FittedTo<F> {
    /// Draws from the flow.
    ///
    /// # Errors
    /// Draws that the layers map to numbers that are not finite.
    pub fn sample(&self, count: usize, rng: &mut dyn Rng) -> Result<Weighted<F>, TrainError> {
        let z = draw::<F>(&Normal, count, self.features, rng)?;
        let (x, log_det) = self.chain.transform(z.view())?;
        let mut log_q: Vec<f64> = log_det.iter().map(|log_det| -log_det).collect();
        Normal.add_log_density(Input::from(z.view()), &mut log_q)?;
        let log_p = x.rows().into_iter().map(|row| self.target.log_density(row)).collect();
        Ok(Weighted { x, log_q, log_p })
    }

    /// `log q(x)` of rows under the flow, nats.
    ///
    /// # Errors
    /// Rows outside the image of the layers.
    pub fn log_density(&self, x: ArrayView2<'_, F>) -> Result<Vec<f64>, TrainError> {
        let (z, mut log_q) = self.chain.untransform(x)?;
        Normal.add_log_density(Input::from(z.view()), &mut log_q)?;
        Ok(log_q)
    }

    /// Estimates `log Z` by importance sampling with `count` draws of the flow.
    ///
    /// Modes of the target that the flow does not visit are not seen: neither in the estimate, which is too
    /// low then, nor in its error or in the number of effective draws.
    ///
    /// # Errors
    /// As [`sample`](Self::sample).
    pub fn log_z(&self, count: usize, rng: &mut dyn Rng) -> Result<Estimate, TrainError> {
        Ok(self.sample(count, rng)?.estimate())
    }
}

impl<F: Real> Weighted<F> {
    /// `log(p̃/q)` of each draw, nats.
    pub fn log_weights(&self) -> Vec<f64> {
        self.log_p.iter().zip(&self.log_q).map(|(p, q)| p - q).collect()
    }

    /// The estimate of `log Z` by these draws.
    pub fn estimate(&self) -> Estimate {
        let log_weights = self.log_weights();
        let count = log_weights.len() as f64;
        let sum = log_sum_exp(log_weights.iter().copied());
        let squares = log_sum_exp(log_weights.iter().map(|log| 2.0 * log));
        let effective = (2.0 * sum - squares).exp();
        let lower_bound = log_weights.iter().sum::<f64>() / count;
        // The relative variance of a weight is count/effective − 1.
        let error = ((count / effective - 1.0).max(0.0) / count).sqrt();
        Estimate { log_z: sum - count.ln(), error, lower_bound, effective }
    }
}
