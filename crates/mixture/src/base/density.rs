//! The mixture as a base density.

use ndarray::{Array1, Array2, ArrayViewMut2, Axis, Ix1, Ix2};
use pdmap_core::contract::{Draw, Out, Visit, VisitMut};
use pdmap_core::group::{Direction, Free};
use pdmap_core::pool::Pool;
use pdmap_core::{Base, BaseSpec, Input, LayerError, ParamGrad, Parametric, Real, Result, Tensors, check};
use rand::Rng;

use super::factors::{FactorKind, Factors};
use super::options::Options;
use super::workspace::Workspace;
use crate::error::MixtureError;
use crate::factor::PrecisionFactor;
use crate::gaussian::Gaussian;
use crate::mixture::GaussianMixture;
use crate::mode::mode;

/// Name in the registry.
pub(super) const KIND: &str = "gaussian-mixture";

/// A Gaussian mixture whose parameters are trained with the flow in front of it:
///
/// ```text
/// log p(z) = log Σ_k π_k |det L_k| (2π)^(−D/2) exp(−½‖y_k‖²),   y_k = L_k (z − μ_k),   π = softmax(a).
/// ```
///
/// With the posterior `r_k` of the components at a row, its gradients are
///
/// ```text
/// ∂/∂z   = −Σ_k r_k L_kᵀy_k        ∂/∂μ_k = r_k L_kᵀy_k        ∂/∂a_k = r_k − π_k
/// ∂/∂L_k = r_k (L_k⁻ᵀ − y_k (z − μ_k)ᵀ),   relative: E_k = ∂/∂L_k · L_kᵀ = r_k (I − y_k y_kᵀ).
/// ```
///
/// The relative gradient has no inverse (Cardoso & Laheld 1996; Gresele et al. 2020), and is used
/// for each factor by itself. A matrix in GL(D) adds `I` to the mean of a sum of outer products; the
/// identity here has the mean posterior for its weight, so the sum holds `Σ_n (r_nk − 1) I` besides
/// `−Σ_n r_nk y yᵀ`.
///
/// At temperature `T`, the standard deviations of the components are multiplied by `T`; weights and
/// means stay.
#[derive(Debug, Clone)]
pub struct GaussianMixtureBase<F: Real> {
    pub(super) logits: Free<F, Ix1>,
    pub(super) means: Free<F, Ix2>,
    pub(super) factors: Factors<F>,
    pub(super) pool: Pool<Workspace<F>>,
}

impl<F: Real> GaussianMixtureBase<F> {
    /// The mixture with the given components, whose factors are trained as `kind`: in `direction`
    /// where they are in GL(D). A `Tied` factor is that of the first component.
    ///
    /// # Errors
    /// [`LayerError::Conflict`] for a direction other than `Relative` and `Algebra`; numbers that
    /// overflow in `F`.
    pub fn new(mixture: &GaussianMixture, kind: FactorKind, direction: Direction) -> Result<Self> {
        let means = Array2::from_shape_fn((mixture.components().len(), mixture.columns()), |(k, i)| {
            F::of(mixture.components()[k].mean()[i])
        });
        Ok(Self {
            logits: Free::new("logits", Array1::from_iter(mixture.log_weights().iter().map(|&w| F::of(w))))?,
            means: Free::new("means", means)?,
            factors: Factors::of(mixture, kind, direction)?,
            pool: Pool::default(),
        })
    }

    pub(super) fn restore(spec: &BaseSpec, from: &mut Tensors<F>) -> Result<Self> {
        let options: Options = spec.parse()?;
        let logits = from.vector("logits", None)?;
        let means = from.matrix("means", None)?;
        let (components, columns) = means.dim();
        if components != logits.len() || components == 0 || columns == 0 {
            let (expected, actual) = (vec![logits.len().max(1), columns.max(1)], vec![components, columns]);
            return Err(LayerError::TensorShape { name: "base.means".to_owned(), expected, actual });
        }
        let kind = options.factor.unwrap_or(FactorKind::General);
        let factors = Factors::restore(kind, options.direction, (components, columns), from)?;
        let (logits, means) = (Free::new("logits", logits)?, Free::new("means", means)?);
        Ok(Self { logits, means, factors, pool: Pool::default() })
    }

    /// Number of components.
    pub fn components(&self) -> usize {
        self.logits.slice().len()
    }

    /// Columns of a row.
    pub fn columns(&self) -> usize {
        self.means.values().ncols()
    }

    /// How the factors are trained.
    pub fn kind(&self) -> FactorKind {
        self.factors.kind
    }

    /// Numbers in proportion to `π_k`.
    fn weights(&self) -> Vec<f64> {
        let logits = self.logits.slice();
        let largest = logits.iter().fold(f64::NEG_INFINITY, |largest, a| largest.max(a.f64()));
        logits.iter().map(|a| (a.f64() - largest).exp()).collect()
    }

    /// The present mixture, in double precision.
    ///
    /// # Errors
    /// A singular factor.
    pub fn mixture(&self) -> crate::error::Result<GaussianMixture> {
        let component =
            |k: usize| Gaussian::new(self.means.values().index_axis(Axis(0), k).mapv(F::f64), self.factors.exact(k)?);
        GaussianMixture::new(
            &self.weights(),
            (0..self.components()).map(component).collect::<crate::error::Result<_>>()?,
        )
    }
}

impl<F: Real> Parametric<F> for GaussianMixtureBase<F> {
    fn parameters(&self, visit: &mut Visit<'_, F>) -> Result<()> {
        visit(&"logits", &self.logits)?;
        visit(&"means", &self.means)?;
        self.factors.parameters(visit)
    }

    fn parameters_mut(&mut self, visit: &mut VisitMut<'_, F>) -> Result<()> {
        visit(&"logits", &mut self.logits)?;
        visit(&"means", &mut self.means)?;
        self.factors.parameters_mut(visit)
    }
}

impl<F: Real> Base<F> for GaussianMixtureBase<F> {
    fn spec(&self) -> BaseSpec {
        BaseSpec::new(KIND, &Options::saved(self.factors.kind, self.factors.direction))
    }

    fn features(&self) -> Option<usize> {
        Some(self.columns())
    }

    fn marginal(&self, feature: usize) -> Result<Box<dyn Base<F>>> {
        let columns = self.columns();
        if feature >= columns {
            return Err(MixtureError::Column { column: feature, columns }.into());
        }
        let component = |k: usize| {
            let mean = Array1::from_elem(1, self.means.values()[[k, feature]].f64());
            let variance = Array1::from_elem(1, self.factors.variance(k, feature)?);
            Gaussian::new(mean, PrecisionFactor::of_variances(variance.view())?)
        };
        let components = (0..self.components()).map(component).collect::<crate::error::Result<_>>()?;
        let marginal = GaussianMixture::new(&self.weights(), components)?;
        Ok(Box::new(Self::new(&marginal, FactorKind::Diagonal, self.factors.direction)?))
    }

    fn add_log_density(&self, z: Input<'_, F>, out: &mut [f64]) -> Result<()> {
        self.pool.with(|workspace| self.evaluate(z.x, out, workspace))
    }

    fn score(&self, z: Input<'_, F>, delta: ArrayViewMut2<'_, F>) -> Result<()> {
        self.pool.with(|workspace| {
            self.expect(z.x.reborrow(), None, workspace)?;
            self.write_score(z.x.nrows(), delta, workspace)
        })
    }

    fn accumulate(&self, z: Input<'_, F>, grads: &mut [ParamGrad<F>]) -> Result<()> {
        self.pool.with(|workspace| {
            self.expect(z.x.reborrow(), None, workspace)?;
            self.add_gradients(z.x.nrows(), grads, workspace)
        })
    }

    fn differentiate(
        &self,
        z: Input<'_, F>,
        out: &mut [f64],
        delta: ArrayViewMut2<'_, F>,
        grads: &mut [ParamGrad<F>],
    ) -> Result<()> {
        self.pool.with(|workspace| {
            self.expect(z.x.reborrow(), Some(out), workspace)?;
            self.write_score(z.x.nrows(), delta, workspace)?;
            self.add_gradients(z.x.nrows(), grads, workspace)
        })
    }

    fn sample_into(&self, draw: Draw<'_, F>, rng: &mut dyn Rng, mut z: Out<F>) -> Result<()> {
        let temperature = draw.temperature;
        check::temperature(temperature)?;
        check::features("rows to draw", self.columns(), z.ncols())?;
        let mixture = self.mixture()?;
        if temperature == 0.0 {
            let mode = mode(&mixture)?.mapv(F::of);
            z.rows_mut().into_iter().for_each(|mut row| row.assign(&mode));
            return Ok(());
        }
        let (drawn, chosen) = mixture.sample(z.nrows(), rng)?;
        for ((mut row, drawn), component) in z.rows_mut().into_iter().zip(drawn.rows()).zip(chosen) {
            let mean = mixture.components()[component].mean();
            for ((z, x), mean) in row.iter_mut().zip(drawn).zip(mean) {
                *z = F::of(mean + temperature * (x - mean));
            }
        }
        Ok(())
    }
}
