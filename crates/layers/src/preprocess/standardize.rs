//! Location 0 and scale 1 for each feature.

use ndarray::{Array1, ArrayView2, ArrayViewMut2, Ix1, Zip};
use pdmap_core::group::Fixed;
use pdmap_core::prelude::*;

use super::fixed::{fitted, positive};
use super::passes::{Passes, in_blocks};
use super::scale::Scale;

/// `y = (x − μ)/σ` with a location and a scale of each feature of the training rows;
/// `log|det| = −Σ log σ`. Not trained.
///
/// They are the mean and the standard deviation, without the wild rows where at most one row in 200
/// makes them (see [`Scale::fit_in_passes`]), or median and quartiles
/// ([`Scale::fit_robust_in_passes`]).
#[derive(Debug, Clone)]
pub struct Standardize<F> {
    mean: Fixed<F, Ix1>,
    deviation: Fixed<F, Ix1>,
}

impl<F: Real> Standardize<F> {
    /// Fits mean and standard deviation to the given rows.
    ///
    /// # Errors
    /// [`LayerError::NoRows`]; [`LayerError::NotPositive`] for a constant feature.
    pub fn fit(rows: ArrayView2<'_, F>) -> Result<Self> {
        Self::fit_in_passes(&mut in_blocks(rows, None))
    }

    /// Like [`fit`](Self::fit), for rows delivered in blocks by repeated passes.
    ///
    /// # Errors
    /// As [`fit`](Self::fit); those of the passes.
    pub fn fit_in_passes<E: From<LayerError>>(passes: &mut Passes<'_, F, E>) -> Result<Self, E> {
        Ok(Self::of(&Scale::fit_in_passes(passes)?)?)
    }

    /// Fits median and robust scale to the given rows.
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    pub fn fit_robust(rows: ArrayView2<'_, F>) -> Result<Self> {
        Self::fit_robust_in_passes(&mut in_blocks(rows, None))
    }

    /// Like [`fit_robust`](Self::fit_robust), for rows delivered in blocks by repeated passes.
    ///
    /// # Errors
    /// As [`fit`](Self::fit); those of the passes.
    pub fn fit_robust_in_passes<E: From<LayerError>>(passes: &mut Passes<'_, F, E>) -> Result<Self, E> {
        Ok(Self::of(&Scale::fit_robust_in_passes(passes)?)?)
    }

    fn of(scale: &Scale) -> Result<Self> {
        Self::new(scale.location.mapv(F::of), scale.deviation.mapv(F::of))
    }

    /// The given locations and scales.
    ///
    /// # Errors
    /// Numbers of features that differ; numbers that are not finite; scales that are not positive.
    pub fn new(mean: Array1<F>, deviation: Array1<F>) -> Result<Self> {
        check::features("deviation", mean.len(), deviation.len())?;
        let mean = Fixed::new("mean", mean)?;
        positive(deviation.view())?;
        Ok(Self { mean, deviation: Fixed::new("deviation", deviation)? })
    }

    fn add_log_det(&self, sign: f64, log_det: Option<&mut [f64]>) {
        let own = -self.deviation.values().iter().map(|s| s.f64().ln()).sum::<f64>();
        log_det.into_iter().flatten().for_each(|log_det| *log_det += sign * own);
    }

    /// `to ← f(from, mean, deviation)` for each number.
    fn map(&self, from: ArrayView2<'_, F>, mut to: ArrayViewMut2<'_, F>, f: impl Fn(F, F, F) -> F) {
        for (mut to, from) in to.rows_mut().into_iter().zip(from.rows()) {
            Zip::from(&mut to)
                .and(&from)
                .and(self.mean.values())
                .and(self.deviation.values())
                .for_each(|to, &from, &mean, &deviation| *to = f(from, mean, deviation));
        }
    }
}

impl<F: Real> Kind<F> for Standardize<F> {
    const KIND: &'static str = "standardize";

    fn build(spec: &LayerSpec, _: &mut BuildContext<'_, F>, _: &Registry<F>) -> Result<Self> {
        Err(fitted(spec))
    }

    fn restore(_: &LayerSpec, tensors: &mut Tensors<F>, _: &Registry<F>) -> Result<Self> {
        let mean = tensors.vector("mean", None)?;
        let deviation = tensors.vector("deviation", Some(mean.len()))?;
        Self::new(mean, deviation)
    }
}

impl<F: Real> Parametric<F> for Standardize<F> {
    fn parameters(&self, visit: &mut Visit<'_, F>) -> Result<()> {
        visit(&"mean", &self.mean)?;
        visit(&"deviation", &self.deviation)
    }

    fn parameters_mut(&mut self, visit: &mut VisitMut<'_, F>) -> Result<()> {
        visit(&"mean", &mut self.mean)?;
        visit(&"deviation", &mut self.deviation)?;
        positive(self.deviation.values().view())
    }
}

impl<F: Real> Layer<F> for Standardize<F> {
    fn spec(&self) -> LayerSpec {
        LayerSpec::plain(Self::KIND)
    }

    fn shape(&self, input: Shape) -> Result<Shape> {
        input.with_features(self.mean.values().len())
    }

    fn forward(&self, input: Input<F>, y: Out<F>, log_det: Option<&mut [f64]>, _: &mut Tape<F>) -> Result<()> {
        self.map(input.x, y, |x, mean, deviation| (x - mean) / deviation);
        self.add_log_det(1.0, log_det);
        Ok(())
    }

    fn inverse(&self, output: Input<F>, x: Out<F>, log_det: Option<&mut [f64]>, _: &mut Tape<F>) -> Result<()> {
        self.map(output.x, x, |y, mean, deviation| y * deviation + mean);
        self.add_log_det(-1.0, log_det);
        Ok(())
    }

    fn backward(&self, _: ForwardPass<F>, dy: In<F>, dx: Option<Out<F>>, _: &mut [ParamGrad<F>]) -> Result<()> {
        if let Some(dx) = dx {
            self.map(dy, dx, |dy, _, deviation| dy / deviation);
        }
        Ok(())
    }
}
