//! Wrong ensembles.

use ndarray::{Array2, ArrayViewMut2};
use pdmap_core::contract::{Draw, Out};
use pdmap_core::flow::Ensemble;
use pdmap_core::{Base, BaseSpec, Input, Parametric, Real, Result};
use rand::Rng;

use crate::bases::wide_ensemble;

mistakes! {
    /// One way to get an ensemble wrong.
    EnsembleMistake, ENSEMBLE_MISTAKES:
    /// The mean of the log-densities, whose exponential has a mass below 1.
    MeanOfLogs: "integral";
    /// Gradients are averaged by the weights, not by the shares of the members in the density.
    PriorShares: "score";
}

/// An ensemble with one mistake.
#[derive(Debug, Clone)]
pub struct WrongEnsemble<F: Real> {
    right: Ensemble<F>,
    mistake: EnsembleMistake,
}

impl<F: Real> WrongEnsemble<F> {
    /// Three members of three columns with one mistake.
    ///
    /// # Errors
    /// None.
    pub fn new(mistake: EnsembleMistake) -> Result<Self> {
        Ok(Self { right: wide_ensemble()?, mistake })
    }
}

impl<F: Real> Parametric<F> for WrongEnsemble<F> {
    pdmap_core::delegate_parameters!(F, right);
}

impl<F: Real> Base<F> for WrongEnsemble<F> {
    fn spec(&self) -> BaseSpec {
        self.right.spec()
    }

    fn features(&self) -> Option<usize> {
        Base::features(&self.right)
    }

    fn marginal(&self, feature: usize) -> Result<Box<dyn Base<F>>> {
        if self.mistake != EnsembleMistake::MeanOfLogs {
            return self.right.marginal(feature);
        }
        let mut members = Vec::new();
        for (flow, &weight) in self.right.members().iter().zip(self.right.weights()) {
            members.push((weight, pdmap_core::Flow::new(1, vec![], flow.base().marginal(feature)?)?));
        }
        Ok(Box::new(Self { right: Ensemble::new(members)?, ..self.clone() }))
    }

    fn add_log_density(&self, z: Input<'_, F>, out: &mut [f64]) -> Result<()> {
        if self.mistake != EnsembleMistake::MeanOfLogs {
            return self.right.add_log_density(z, out);
        }
        for (flow, weight) in self.right.members().iter().zip(self.right.weights()) {
            let log_prob = flow.log_prob(z.reborrow())?;
            out.iter_mut().zip(log_prob).for_each(|(out, value)| *out += weight * value);
        }
        Ok(())
    }

    fn score(&self, z: Input<'_, F>, mut delta: ArrayViewMut2<'_, F>) -> Result<()> {
        if self.mistake != EnsembleMistake::PriorShares {
            return self.right.score(z, delta);
        }
        delta.fill(F::zero());
        for (flow, &weight) in self.right.members().iter().zip(self.right.weights()) {
            let gradient: Array2<F> = flow.input_gradient(z.reborrow())?;
            delta.scaled_add(F::of(weight), &gradient);
        }
        Ok(())
    }

    fn sample_into(&self, draw: Draw<'_, F>, rng: &mut dyn Rng, z: Out<F>) -> Result<()> {
        self.right.sample_into(draw, rng, z)
    }
}
