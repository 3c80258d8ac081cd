//! A shift that all positions of a subband share.

use ndarray::{Array1, ArrayD, ArrayView2, ArrayViewMut2};
use pdmap_core::diagonal::Shift;
use pdmap_core::optim::{StepReport, UpdateRule};
use pdmap_core::{
    Fresh, Input, Layer, LayerGrads, LayerSpec, Real, Recorded, Registry, Result, Tape, Tensors, check,
};
use serde::Deserialize;

use super::bands::{BandOptions, Bands};
use super::geometry::Geometry;

/// `y = x + t_band`, with one `t` for each subband in the order of [`SubbandScale`](super::SubbandScale): the bias of a convolution. `log|det| = 0`; the direction is `mean δ` over
/// rows and positions.
#[derive(Debug, Clone)]
pub struct SubbandShift<F: Real> {
    bands: Bands,
    shift: Shift<F>,
    /// The shifts as passes read them.
    repeated: Vec<F>,
}

/// Options of a new shift; a saved one has no start.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewOptions {
    shape: Vec<usize>,
    #[serde(default = "super::bands::one", deserialize_with = "super::options::one_or_more")]
    period: Vec<usize>,
    /// Where every entry starts.
    #[serde(default)]
    start: f64,
}

impl<F: Real> SubbandShift<F> {
    /// Name in the registry.
    pub const KIND: &'static str = "subband-shift";

    /// A shift by nothing, to be learned. Of the geometry, shape and period count.
    ///
    /// # Errors
    /// A geometry that does not fit together; a length need not be a multiple of the period.
    pub fn zero(geometry: Geometry) -> Result<Self> {
        let bands = Bands::new(geometry)?;
        let zeros = Array1::zeros(bands.count());
        Self::of(bands, zeros)
    }

    /// The given shifts, `K·C` of them.
    ///
    /// # Errors
    /// As [`zero`](Self::zero); another number of shifts; NaN and infinities.
    pub fn new(geometry: Geometry, shift: Array1<F>) -> Result<Self> {
        let bands = Bands::new(geometry)?;
        check::features("shift", bands.count(), shift.len())?;
        Self::of(bands, shift)
    }

    /// The shifts, one for each band `t·C + c`.
    pub fn shift(&self) -> &Array1<F> {
        self.shift.shift()
    }

    fn of(bands: Bands, shift: Array1<F>) -> Result<Self> {
        let mut layer = Self { bands, shift: Shift::new(shift)?, repeated: Vec::new() };
        layer.refresh();
        Ok(layer)
    }

    fn refresh(&mut self) {
        let shifts = self.shift.shift();
        self.bands.repeat(shifts.as_slice().unwrap_or_default(), &mut self.repeated);
    }

    pub(crate) fn restore(
        spec: &LayerSpec,
        tensors: &mut Tensors<F>,
        _registry: &Registry<F>,
    ) -> Result<Box<dyn Layer<F>>> {
        let bands = Bands::of(&spec.parse()?)?;
        let shift = tensors.vector("shift", Some(bands.count()))?;
        Ok(Box::new(Self::of(bands, shift)?))
    }

    pub(crate) fn build(
        spec: &LayerSpec,
        fresh: &mut Fresh<'_, F>,
        _registry: &Registry<F>,
    ) -> Result<Box<dyn Layer<F>>> {
        let NewOptions { shape, period, start } = super::options::shaped(spec, fresh).parse()?;
        let bands = Bands::of(&BandOptions { shape, period })?;
        check::features("shape", fresh.features, bands.features())?;
        let shift = Array1::from_elem(bands.count(), F::of(start));
        Ok(Box::new(Self::of(bands, shift)?))
    }
}

impl<F: Real> Layer<F> for SubbandShift<F> {
    fn spec(&self) -> LayerSpec {
        LayerSpec::new(Self::KIND, &self.bands.options())
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
        self.bands.map(&self.repeated, input.x, y, |x, t| x + t)
    }

    fn inverse(
        &self,
        output: Input<'_, F>,
        x: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        _tape: &mut Tape<F>,
    ) -> Result<()> {
        check::log_det(output.x.nrows(), log_det.as_deref())?;
        self.bands.map(&self.repeated, output.x, x, |y, t| y - t)
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
        let delta = check::slice("gradient of the output", &dy)?;
        let mut scratch = std::mem::take(&mut param.scratch);
        self.bands.add_means(delta, delta, &mut scratch, param.flat_mut()?, |delta, _| delta);
        param.scratch = scratch;
        grads.rows += dy.nrows();
        if let Some(mut dx) = dx {
            check::shape("gradient of the input", dy.dim(), dx.dim())?;
            dx.assign(&dy);
        }
        Ok(())
    }

    fn new_grads(&self) -> LayerGrads<F> {
        self.shift.new_grads()
    }

    fn direct(&self, grads: &mut LayerGrads<F>) -> Result<()> {
        self.shift.direct(grads)
    }

    fn update(&mut self, rule: &mut dyn UpdateRule<F>, grads: &mut LayerGrads<F>) -> Result<StepReport> {
        let report = self.shift.update(rule, grads)?;
        self.refresh();
        Ok(report)
    }

    fn gradients(&self, grads: &LayerGrads<F>) -> Result<Vec<(String, ArrayD<F>)>> {
        Ok(self.bands.sums(self.shift.gradients(grads)?))
    }

    fn tensors(&self) -> Vec<(String, ArrayD<F>)> {
        self.shift.tensors()
    }

    fn set_tensors(&mut self, tensors: &mut Tensors<F>) -> Result<()> {
        self.shift.set_tensors(tensors)?;
        self.refresh();
        Ok(())
    }

    fn duplicate(&self) -> Box<dyn Layer<F>> {
        Box::new(self.clone())
    }
}
