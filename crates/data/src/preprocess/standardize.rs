//! Zero mean and unit variance for each feature.

use ndarray::{Array1, ArrayD, ArrayView2, ArrayViewMut2};
use pdmap_core::{
    Input, Layer, LayerError, LayerGrads, LayerSpec, Real, Recorded, Registry, Result, Tape, Tensors, check,
};

use super::passes::{Passes, in_blocks, moments};

/// `y = (x − μ)/σ` with the mean and the standard deviation of each feature of the training rows; `log|det| = −Σ log σ`. Fixed:
/// training does not move it.
#[derive(Debug, Clone)]
pub struct Standardize<F> {
    mean: Array1<F>,
    deviation: Array1<F>,
}

impl<F: Real> Standardize<F> {
    /// Name in the registry.
    pub const KIND: &'static str = "standardize";

    /// Mean and deviation of the given rows.
    ///
    /// # Errors
    /// [`LayerError::NoRows`]; [`LayerError::NotPositive`] for a constant feature.
    pub fn fit(rows: ArrayView2<'_, F>) -> Result<Self> {
        Self::fit_in_passes(&mut in_blocks(rows))
    }

    /// The same for rows that are shown block by block, as often as [`fit`](Self::fit) has to see them.
    ///
    /// # Errors
    /// As [`fit`](Self::fit); those of the passes.
    pub fn fit_in_passes<E: From<LayerError>>(passes: &mut Passes<'_, F, E>) -> Result<Self, E> {
        let (_, mean, deviation) = moments(passes)?;
        Ok(Self::new(mean.mapv(F::of), deviation.mapv(F::of))?)
    }

    fn new(mean: Array1<F>, deviation: Array1<F>) -> Result<Self> {
        check::features("deviation", mean.len(), deviation.len())?;
        check::finite("mean", mean.view().insert_axis(ndarray::Axis(0)))?;
        match deviation.iter().position(|s| !(s.f64() > 0.0 && s.f64().is_finite())) {
            Some(index) => Err(LayerError::NotPositive { index, value: deviation[index].f64() }),
            None => Ok(Self { mean, deviation }),
        }
    }

    pub(super) fn restore(
        _spec: &LayerSpec,
        tensors: &mut Tensors<F>,
        _registry: &Registry<F>,
    ) -> Result<Box<dyn Layer<F>>> {
        let mean = tensors.vector("mean", None)?;
        let deviation = tensors.vector("deviation", Some(mean.len()))?;
        Ok(Box::new(Self::new(mean, deviation)?))
    }

    fn log_det(&self) -> f64 {
        -self.deviation.iter().map(|s| s.f64().ln()).sum::<f64>()
    }

    fn check(&self, from: (usize, usize), to: (usize, usize), log_det: Option<&[f64]>) -> Result<()> {
        check::features("input", self.mean.len(), from.1)?;
        check::shape("output", from, to)?;
        check::log_det(from.0, log_det)
    }
}

impl<F: Real> Layer<F> for Standardize<F> {
    fn spec(&self) -> LayerSpec {
        LayerSpec::new(Self::KIND, &serde_json::json!({}))
    }

    fn features(&self) -> Option<usize> {
        Some(self.mean.len())
    }

    fn forward(
        &self,
        input: Input<'_, F>,
        mut y: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        _tape: &mut Tape<F>,
    ) -> Result<()> {
        self.check(input.x.dim(), y.dim(), log_det.as_deref())?;
        for (mut y, x) in y.rows_mut().into_iter().zip(input.x.rows()) {
            for (((y, &x), &mean), &deviation) in y.iter_mut().zip(x).zip(&self.mean).zip(&self.deviation) {
                *y = (x - mean) / deviation;
            }
        }
        let own = self.log_det();
        log_det.into_iter().flatten().for_each(|log_det| *log_det += own);
        Ok(())
    }

    fn inverse(
        &self,
        output: Input<'_, F>,
        mut x: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        _tape: &mut Tape<F>,
    ) -> Result<()> {
        self.check(output.x.dim(), x.dim(), log_det.as_deref())?;
        for (mut x, y) in x.rows_mut().into_iter().zip(output.x.rows()) {
            for (((x, &y), &mean), &deviation) in x.iter_mut().zip(y).zip(&self.mean).zip(&self.deviation) {
                *x = y * deviation + mean;
            }
        }
        let own = self.log_det();
        log_det.into_iter().flatten().for_each(|log_det| *log_det -= own);
        Ok(())
    }

    fn backward(
        &self,
        at: Recorded<'_, F>,
        dy: ArrayView2<'_, F>,
        dx: Option<ArrayViewMut2<'_, F>>,
        _grads: &mut LayerGrads<F>,
    ) -> Result<()> {
        check::shape("gradient of the output", at.input.x.dim(), dy.dim())?;
        let Some(mut dx) = dx else { return Ok(()) };
        check::shape("gradient of the input", dy.dim(), dx.dim())?;
        for (mut dx, dy) in dx.rows_mut().into_iter().zip(dy.rows()) {
            for ((dx, &dy), &deviation) in dx.iter_mut().zip(dy).zip(&self.deviation) {
                *dx = dy / deviation;
            }
        }
        Ok(())
    }

    fn tensors(&self) -> Vec<(String, ArrayD<F>)> {
        vec![
            ("mean".into(), self.mean.clone().into_dyn()),
            ("deviation".into(), self.deviation.clone().into_dyn()),
        ]
    }

    fn set_tensors(&mut self, tensors: &mut Tensors<F>) -> Result<()> {
        let mean = tensors.vector("mean", Some(self.mean.len()))?;
        *self = Self::new(mean, tensors.vector("deviation", Some(self.mean.len()))?)?;
        Ok(())
    }

    fn duplicate(&self) -> Box<dyn Layer<F>> {
        Box::new(self.clone())
    }
}
