//! The contract of base densities.

use std::any::Any;
use std::fmt::Debug;

use ndarray::ArrayViewMut2;
use rand::Rng;

use super::duplicate::duplicable;
use super::{BaseSpec, Draw, Input, Out, ParamGrad, Parametric};
use crate::{Real, Result};

/// A base density with parameters. Rows `z` are `[batch, features]`, contiguous in row-major order.
/// With the rows may come a condition of each; densities that have none ignore it.
///
/// The base densities of the library are in [`flow::base`](crate::flow::base). A new one takes a
/// file like them and one line of registration
/// ([`Registry::insert_base`](crate::Registry::insert_base)).
pub trait Base<F: Real>: Parametric<F> + DuplicateBase<F> + Any + Debug + Send + Sync {
    /// The density as data, with its present parameters.
    fn spec(&self) -> BaseSpec;

    /// Features of a row; `None` for a density of any number of features.
    fn features(&self) -> Option<usize> {
        None
    }

    /// Width of the condition that the density needs; 0 without one.
    fn conditions(&self) -> usize {
        0
    }

    /// The density of one feature, with the others integrated out: a density of rows of one number.
    /// The default, the density itself, is right for independent and identically distributed
    /// features.
    ///
    /// # Errors
    /// A feature that does not exist.
    fn marginal(&self, feature: usize) -> Result<Box<dyn Base<F>>> {
        let _ = feature;
        Ok(self.duplicate())
    }

    /// Adds `log p(z)` of each row to `out`, in nats.
    ///
    /// # Errors
    /// [`LayerError::Layout`](crate::LayerError::Layout),
    /// [`LayerError::Shape`](crate::LayerError::Shape).
    fn add_log_density(&self, z: Input<'_, F>, out: &mut [f64]) -> Result<()>;

    /// `δ = ∂ log p / ∂z` of each number.
    ///
    /// # Errors
    /// [`LayerError::Layout`](crate::LayerError::Layout),
    /// [`LayerError::Shape`](crate::LayerError::Shape).
    fn score(&self, z: Input<'_, F>, delta: ArrayViewMut2<'_, F>) -> Result<()>;

    /// Adds the gradient of `Σ_rows log p` with respect to each parameter to `grads`.
    ///
    /// # Errors
    /// Gradients of another density.
    fn accumulate(&self, z: Input<'_, F>, grads: &mut [ParamGrad<F>]) -> Result<()> {
        let _ = (z, grads);
        Ok(())
    }

    /// The three above in one pass, which densities override where they share work: log-densities
    /// are added to `out`, scores written to `delta`, gradients added to `grads`.
    ///
    /// # Errors
    /// Those of the three.
    fn differentiate(
        &self,
        z: Input<'_, F>,
        out: &mut [f64],
        delta: ArrayViewMut2<'_, F>,
        grads: &mut [ParamGrad<F>],
    ) -> Result<()> {
        self.add_log_density(z.reborrow(), out)?;
        self.score(z.reborrow(), delta)?;
        self.accumulate(z, grads)
    }

    /// Fills `z` with draws from the density at the temperature `T` of `draw`, given a row of its
    /// condition for each row if the density needs one. `T = 1` is the density itself, `T = 0` its
    /// mode (of an ensemble, the best of its members' modes). In between, the spread around the centre
    /// is multiplied by `T`: `p(z/T)/T` for each number of a density centred at 0; a mixture does so
    /// for each component, around its mean and with the same weights.
    ///
    /// Numbers are drawn in the order of `z`, so drawing in blocks gives the rows of a single call.
    ///
    /// # Errors
    /// [`LayerError::Range`](crate::LayerError::Range) for a temperature that is negative or not
    /// finite.
    fn sample_into(&self, draw: Draw<'_, F>, rng: &mut dyn Rng, z: Out<F>) -> Result<()>;
}

duplicable!(Base, DuplicateBase);
