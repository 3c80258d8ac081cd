//! Wrong base densities.

use ndarray::ArrayViewMut2;
use pdmap_core::contract::{Draw, Out};
use pdmap_core::flow::base::StudentT;
use pdmap_core::{Base, BaseSpec, Input, ParamGrad, Parametric, Real, Result};
use rand::Rng;

mistakes! {
    /// One way to get a Student-t density wrong.
    BaseMistake, BASE_MISTAKES:
    /// The density of each number is twice as large.
    NotNormalized: "integral";
    /// The log-density overwrites what is there instead of adding to it.
    Overwrites: "batches";
    /// The score has `ν` for `ν + 1`.
    Score: "score";
    /// The gradient is that in ν instead of `log ν`.
    Gradient: "gradient of parameters";
    /// `accumulate` overwrites gradients instead of accumulating.
    GradientOverwrites: "batches";
    /// The specification is that of another ν.
    OtherSpecification: "specification";
    /// Any temperature is accepted, as 1.
    AnyTemperature: "draws";
}

/// A Student-t density with one mistake.
#[derive(Debug, Clone)]
pub struct WrongBase {
    right: StudentT,
    mistake: BaseMistake,
}

impl WrongBase {
    /// Name in the registry: that of the density with the right log-density.
    pub const KIND: &'static str = "student-t";

    /// A learned ν of 3 with one mistake.
    ///
    /// # Errors
    /// None.
    pub fn new(mistake: BaseMistake) -> Result<Self> {
        Ok(Self { right: StudentT::new(3.0, true)?, mistake })
    }

    fn is(&self, mistake: BaseMistake) -> bool {
        self.mistake == mistake
    }
}

impl<F: Real> Parametric<F> for WrongBase {
    pdmap_core::delegate_parameters!(F, right);
}

impl<F: Real> Base<F> for WrongBase {
    fn spec(&self) -> BaseSpec {
        if self.is(BaseMistake::OtherSpecification) {
            let options = serde_json::json!({ "nu": 2.0 * self.right.nu(), "learned": false });
            return BaseSpec::new(Self::KIND, &options);
        }
        Base::<F>::spec(&self.right)
    }

    fn add_log_density(&self, z: Input<'_, F>, out: &mut [f64]) -> Result<()> {
        if self.is(BaseMistake::Overwrites) {
            out.fill(0.0);
        }
        self.right.add_log_density(z.reborrow(), out)?;
        if self.is(BaseMistake::NotNormalized) {
            out.iter_mut().for_each(|out| *out += z.x.ncols() as f64 * std::f64::consts::LN_2);
        }
        Ok(())
    }

    fn score(&self, z: Input<'_, F>, mut delta: ArrayViewMut2<'_, F>) -> Result<()> {
        self.right.score(z, delta.view_mut())?;
        if self.is(BaseMistake::Score) {
            let nu = self.right.nu();
            delta.mapv_inplace(|score| F::of(score.f64() * nu / (nu + 1.0)));
        }
        Ok(())
    }

    fn accumulate(&self, z: Input<'_, F>, grads: &mut [ParamGrad<F>]) -> Result<()> {
        if self.is(BaseMistake::GradientOverwrites) && z.x.nrows() > 0 {
            for grad in grads.iter_mut() {
                grad.flat_mut()?.fill(F::zero());
            }
        }
        self.right.accumulate(z, grads)?;
        if self.is(BaseMistake::Gradient) {
            for grad in grads {
                let nu = F::of(self.right.nu());
                grad.flat_mut()?.iter_mut().for_each(|sum| *sum /= nu);
            }
        }
        Ok(())
    }

    fn sample_into(&self, draw: Draw<'_, F>, rng: &mut dyn Rng, z: Out<F>) -> Result<()> {
        let draw = if self.is(BaseMistake::AnyTemperature) { 1.0.into() } else { draw };
        self.right.sample_into(draw, rng, z)
    }
}
