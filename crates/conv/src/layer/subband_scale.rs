//! A scale that all positions of a subband share.

use ndarray::{Array1, ArrayD, ArrayView2, ArrayViewMut2};
use pdmap_core::diagonal::{Scale, ScaleDirection};
use pdmap_core::optim::{StepReport, UpdateRule};
use pdmap_core::{
    Fresh, Input, Layer, LayerGrads, LayerSpec, Real, Recorded, Registry, Result, Tape, Tensors, check,
};
use serde::{Deserialize, Serialize};

use super::bands::{BandOptions, Bands};
use super::geometry::Geometry;

/// `y = s_band ∘ x` with one `s > 0` for each subband: number `(c, i)` of a row `[C, n]` is scaled by `s[(i mod K)·C + c]`, number `(c, y, x)` of `[C, H, W]` by
/// `s[((y mod K_h)·K_w + x mod K_w)·C + c]`. `log|det| = Σ_bands positions·log s`.
///
/// Behind an interleaved convolution the period is that of the convolution; on subbands as channels it is 1, and the scales are those of the channels. The directions are
/// those of [`Scale`], with `mean δx` over rows and positions, so that rates do not depend on the signal's length.
#[derive(Debug, Clone)]
pub struct SubbandScale<F: Real> {
    bands: Bands,
    scale: Scale<F>,
    direction: ScaleDirection,
    /// The scales as passes read them.
    repeated: Vec<F>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    shape: Vec<usize>,
    #[serde(default = "super::bands::one", deserialize_with = "super::options::one_or_more")]
    period: Vec<usize>,
    #[serde(default)]
    direction: ScaleDirection,
}

impl<F: Real> SubbandScale<F> {
    /// Name in the registry.
    pub const KIND: &'static str = "subband-scale";

    /// All scales 1. Of the geometry, shape and period count.
    ///
    /// # Errors
    /// A geometry that does not fit together; a length need not be a multiple of the period.
    pub fn one(geometry: Geometry, direction: ScaleDirection) -> Result<Self> {
        let bands = Bands::new(geometry)?;
        let scale = Scale::one(bands.count(), direction);
        Ok(Self::of(bands, scale, direction))
    }

    /// The given scales, `K·C` of them.
    ///
    /// # Errors
    /// As [`one`](Self::one); another number of scales; a scale that is not positive and finite.
    pub fn new(geometry: Geometry, scale: Array1<F>, direction: ScaleDirection) -> Result<Self> {
        let bands = Bands::new(geometry)?;
        check::features("scale", bands.count(), scale.len())?;
        Ok(Self::of(bands, Scale::new(scale, direction)?, direction))
    }

    /// The scales, one for each band `t·C + c`.
    pub fn scale(&self) -> &Array1<F> {
        self.scale.scale()
    }

    fn of(bands: Bands, scale: Scale<F>, direction: ScaleDirection) -> Self {
        let mut layer = Self { bands, scale, direction, repeated: Vec::new() };
        layer.refresh();
        layer
    }

    fn refresh(&mut self) {
        let scales = self.scale.scale();
        self.bands.repeat(scales.as_slice().unwrap_or_default(), &mut self.repeated);
    }

    fn log_det(&self) -> f64 {
        let of = |(s, size): (&F, usize)| size as f64 * s.f64().ln();
        self.scale.scale().iter().zip(self.bands.sizes()).map(of).sum()
    }

    pub(crate) fn restore(
        spec: &LayerSpec,
        tensors: &mut Tensors<F>,
        _registry: &Registry<F>,
    ) -> Result<Box<dyn Layer<F>>> {
        let Options { shape, period, direction } = spec.parse()?;
        let bands = Bands::of(&BandOptions { shape, period })?;
        let scale = Scale::new(tensors.vector("scale", Some(bands.count()))?, direction)?;
        Ok(Box::new(Self::of(bands, scale, direction)))
    }

    pub(crate) fn build(
        spec: &LayerSpec,
        fresh: &mut Fresh<'_, F>,
        _registry: &Registry<F>,
    ) -> Result<Box<dyn Layer<F>>> {
        let Options { shape, period, direction } = super::options::shaped(spec, fresh).parse()?;
        let bands = Bands::of(&BandOptions { shape, period })?;
        check::features("shape", fresh.features, bands.features())?;
        let scale = Scale::one(bands.count(), direction);
        Ok(Box::new(Self::of(bands, scale, direction)))
    }
}

impl<F: Real> Layer<F> for SubbandScale<F> {
    fn spec(&self) -> LayerSpec {
        let BandOptions { shape, period } = self.bands.options();
        LayerSpec::new(Self::KIND, &Options { shape, period, direction: self.direction })
    }

    fn features(&self) -> Option<usize> {
        Some(self.bands.features())
    }

    fn forward(
        &self,
        input: Input<'_, F>,
        y: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        _tape: &mut Tape<F>,
    ) -> Result<()> {
        check::log_det(input.x.nrows(), log_det.as_deref())?;
        self.bands.map(&self.repeated, input.x, y, |x, s| x * s)?;
        if let Some(log_det) = log_det {
            let own = self.log_det();
            log_det.iter_mut().for_each(|value| *value += own);
        }
        Ok(())
    }

    fn inverse(
        &self,
        output: Input<'_, F>,
        x: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        _tape: &mut Tape<F>,
    ) -> Result<()> {
        check::log_det(output.x.nrows(), log_det.as_deref())?;
        self.bands.map(&self.repeated, output.x, x, |y, s| y / s)?;
        if let Some(log_det) = log_det {
            let own = self.log_det();
            log_det.iter_mut().for_each(|value| *value -= own);
        }
        Ok(())
    }

    fn backward(
        &self,
        at: Recorded<'_, F>,
        dy: ArrayView2<'_, F>,
        dx: Option<ArrayViewMut2<'_, F>>,
        grads: &mut LayerGrads<F>,
    ) -> Result<()> {
        check::features("input", self.bands.features(), at.input.x.ncols())?;
        check::shape("gradient of the output", at.input.x.dim(), dy.dim())?;
        let [param] = grads.params_mut()?;
        let (delta, x) = (check::slice("gradient of the output", &dy)?, check::slice("input", &at.input.x)?);
        let mut scratch = std::mem::take(&mut param.scratch);
        self.bands.add_means(delta, x, &mut scratch, param.flat_mut()?, |delta, x| delta * x);
        param.scratch = scratch;
        grads.rows += dy.nrows();
        dx.map_or(Ok(()), |dx| self.bands.map(&self.repeated, dy, dx, |dy, s| dy * s))
    }

    fn new_grads(&self) -> LayerGrads<F> {
        self.scale.new_grads()
    }

    fn direct(&self, grads: &mut LayerGrads<F>) -> Result<()> {
        self.scale.direct(grads)
    }

    fn update(&mut self, rule: &mut dyn UpdateRule<F>, grads: &mut LayerGrads<F>) -> Result<StepReport> {
        let report = self.scale.update(rule, grads)?;
        self.refresh();
        Ok(report)
    }

    fn gradients(&self, grads: &LayerGrads<F>) -> Result<Vec<(String, ArrayD<F>)>> {
        Ok(self.bands.sums(self.scale.gradients(grads)?))
    }

    fn tensors(&self) -> Vec<(String, ArrayD<F>)> {
        self.scale.tensors()
    }

    fn set_tensors(&mut self, tensors: &mut Tensors<F>) -> Result<()> {
        self.scale.set_tensors(tensors)?;
        self.refresh();
        Ok(())
    }

    fn duplicate(&self) -> Box<dyn Layer<F>> {
        Box::new(self.clone())
    }
}
