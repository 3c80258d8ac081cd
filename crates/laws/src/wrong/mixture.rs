//! Wrong Gaussian mixtures.

use ndarray::{Array2, ArrayViewMut2};
use pdmap_core::contract::{Draw, Out};
use pdmap_core::group::Direction;
use pdmap_core::{Base, BaseSpec, Input, ParamGrad, Parametric, Real, Result};
use pdmap_mixture::{FactorKind, GaussianMixtureBase};
use rand::Rng;

use crate::bases::mixture_base;

mistakes! {
    /// One way to get a Gaussian mixture wrong.
    MixtureMistake, MIXTURE_MISTAKES:
    /// The marginals are those of a mixture with twice the mass.
    MarginalMass: "integral";
    /// The score has the sign of the gradient in the means.
    Score: "score";
    /// The identity in the relative gradient of a factor has weight 1 instead of the mean posterior.
    UnweightedIdentity: "gradient of parameters";
    /// Log-densities overwrite what is there.
    Overwrites: "batches";
    /// Temperature 0 gives draws.
    NoMode: "draws";
    /// Files have another kind of factor.
    OtherFactors: "specification";
}

/// A Gaussian mixture with one mistake.
#[derive(Debug, Clone)]
pub struct WrongMixture<F: Real> {
    right: GaussianMixtureBase<F>,
    mistake: MixtureMistake,
}

impl<F: Real> WrongMixture<F> {
    /// Three components of three columns with one mistake.
    ///
    /// # Errors
    /// None.
    pub fn new(mistake: MixtureMistake) -> Result<Self> {
        Ok(Self { right: mixture_base(FactorKind::General, Direction::Algebra, 3)?, mistake })
    }

    fn is(&self, mistake: MixtureMistake) -> bool {
        self.mistake == mistake
    }
}

impl<F: Real> Parametric<F> for WrongMixture<F> {
    pdmap_core::delegate_parameters!(F, right);
}

impl<F: Real> Base<F> for WrongMixture<F> {
    fn spec(&self) -> BaseSpec {
        let mut spec = Base::spec(&self.right);
        if self.is(MixtureMistake::OtherFactors) {
            spec.options.insert("factor".to_owned(), "tied".into());
        }
        spec
    }

    fn features(&self) -> Option<usize> {
        Base::features(&self.right)
    }

    fn marginal(&self, feature: usize) -> Result<Box<dyn Base<F>>> {
        if self.is(MixtureMistake::MarginalMass) {
            return Ok(Box::new(Twice(self.right.marginal(feature)?)));
        }
        self.right.marginal(feature)
    }

    fn add_log_density(&self, z: Input<'_, F>, out: &mut [f64]) -> Result<()> {
        if self.is(MixtureMistake::Overwrites) {
            out.fill(0.0);
        }
        self.right.add_log_density(z, out)
    }

    fn score(&self, z: Input<'_, F>, mut delta: ArrayViewMut2<'_, F>) -> Result<()> {
        self.right.score(z, delta.view_mut())?;
        if self.is(MixtureMistake::Score) {
            delta.mapv_inplace(|score| -score);
        }
        Ok(())
    }

    fn accumulate(&self, z: Input<'_, F>, grads: &mut [ParamGrad<F>]) -> Result<()> {
        self.right.accumulate(z.reborrow(), grads)?;
        if self.is(MixtureMistake::UnweightedIdentity) {
            let posterior = self.right.mixture()?.posterior(z.x.mapv(F::f64).view())?;
            for (k, grad) in grads.iter_mut().skip(2).enumerate() {
                let missing = z.x.nrows() as f64 - posterior.column(k).sum();
                let identity = Array2::<f64>::eye(z.x.ncols()).mapv(|one| F::of(one * missing));
                grad.outer_mut()?.add_sum(0, identity.as_slice().unwrap_or(&[]))?;
            }
        }
        Ok(())
    }

    fn sample_into(&self, draw: Draw<'_, F>, rng: &mut dyn Rng, z: Out<F>) -> Result<()> {
        let draw = if self.is(MixtureMistake::NoMode) && draw.temperature == 0.0 { 1.0.into() } else { draw };
        self.right.sample_into(draw, rng, z)
    }
}

/// A density with twice the mass.
#[derive(Debug, Clone)]
struct Twice<F: Real>(Box<dyn Base<F>>);

impl<F: Real> Parametric<F> for Twice<F> {}

impl<F: Real> Base<F> for Twice<F> {
    fn spec(&self) -> BaseSpec {
        self.0.spec()
    }

    fn add_log_density(&self, z: Input<'_, F>, out: &mut [f64]) -> Result<()> {
        out.iter_mut().for_each(|out| *out += std::f64::consts::LN_2);
        self.0.add_log_density(z, out)
    }

    fn score(&self, z: Input<'_, F>, delta: ArrayViewMut2<'_, F>) -> Result<()> {
        self.0.score(z, delta)
    }

    fn sample_into(&self, draw: Draw<'_, F>, rng: &mut dyn Rng, z: Out<F>) -> Result<()> {
        self.0.sample_into(draw, rng, z)
    }
}
