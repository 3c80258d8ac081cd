//! Per-feature shift.

use ndarray::{Array1, ArrayD, ArrayView2, ArrayViewMut2};
use serde::Deserialize;

use crate::optim::{StepReport, UpdateRule};
use crate::{
    Fresh, Input, Layer, LayerGrads, LayerSpec, ParamGrad, Real, Recorded, Registry, Result, Tape, Tensors,
    check, parallel,
};

/// `y = x + t`; `log|det| = 0`. The direction is `mean δ`.
#[derive(Debug, Clone)]
pub struct Shift<F> {
    shift: Array1<F>,
}

/// Options of a new shift; a saved one has none.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Start {
    /// Where every entry starts.
    #[serde(default)]
    start: f64,
}

impl<F: Real> Shift<F> {
    /// Name in the registry.
    pub const KIND: &'static str = "shift";

    /// A shift by nothing, to be learned.
    pub fn zero(features: usize) -> Self {
        Self { shift: Array1::zeros(features) }
    }

    /// A shift by `t`.
    ///
    /// # Errors
    /// [`crate::LayerError::NonFinite`].
    pub fn new(t: Array1<F>) -> Result<Self> {
        check::finite("shift", t.view().insert_axis(ndarray::Axis(0)))?;
        Ok(Self { shift: t })
    }

    /// The shift.
    pub fn shift(&self) -> &Array1<F> {
        &self.shift
    }

    pub(super) fn restore(
        _spec: &LayerSpec,
        tensors: &mut Tensors<F>,
        _registry: &Registry<F>,
    ) -> Result<Box<dyn Layer<F>>> {
        Ok(Box::new(Self::new(tensors.vector("shift", None)?)?))
    }

    pub(super) fn build(
        spec: &LayerSpec,
        fresh: &mut Fresh<'_, F>,
        _registry: &Registry<F>,
    ) -> Result<Box<dyn Layer<F>>> {
        let Start { start } = spec.parse()?;
        Ok(Box::new(Self::new(Array1::from_elem(fresh.features, F::of(start)))?))
    }

    fn add(&self, sign: F, from: ArrayView2<'_, F>, mut to: ArrayViewMut2<'_, F>) -> Result<()> {
        check::features("input", self.shift.len(), from.ncols())?;
        check::shape("output", from.dim(), to.dim())?;
        for (mut to, from) in to.rows_mut().into_iter().zip(from.rows()) {
            for ((to, &from), &t) in to.iter_mut().zip(from).zip(&self.shift) {
                *to = from + sign * t;
            }
        }
        Ok(())
    }
}

impl<F: Real> Layer<F> for Shift<F> {
    fn spec(&self) -> LayerSpec {
        LayerSpec::new(Self::KIND, &serde_json::json!({}))
    }

    fn features(&self) -> Option<usize> {
        Some(self.shift.len())
    }

    fn forward(
        &self,
        input: Input<'_, F>,
        y: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        _tape: &mut Tape<F>,
    ) -> Result<()> {
        check::log_det(input.x.nrows(), log_det.as_deref())?;
        self.add(F::one(), input.x, y)
    }

    fn inverse(
        &self,
        output: Input<'_, F>,
        x: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        _tape: &mut Tape<F>,
    ) -> Result<()> {
        check::log_det(output.x.nrows(), log_det.as_deref())?;
        self.add(-F::one(), output.x, x)
    }

    fn backward(
        &self,
        at: Recorded<'_, F>,
        dy: ArrayView2<'_, F>,
        dx: Option<ArrayViewMut2<'_, F>>,
        grads: &mut LayerGrads<F>,
    ) -> Result<()> {
        check::shape("gradient of the output", at.input.x.dim(), dy.dim())?;
        let [param] = grads.params_mut()?;
        parallel::add_column_sums(param.flat_mut()?, check::slice("gradient of the output", &dy)?);
        grads.rows += dy.nrows();
        if let Some(mut dx) = dx {
            check::shape("gradient of the input", dy.dim(), dx.dim())?;
            dx.assign(&dy);
        }
        Ok(())
    }

    fn new_grads(&self) -> LayerGrads<F> {
        LayerGrads::of(vec![ParamGrad::flat("shift", self.shift.len())])
    }

    fn direct(&self, grads: &mut LayerGrads<F>) -> Result<()> {
        let rows = grads.some_rows()?;
        let [param] = grads.params_mut()?;
        param.write_mean(rows)
    }

    fn update(&mut self, rule: &mut dyn UpdateRule<F>, grads: &mut LayerGrads<F>) -> Result<StepReport> {
        let [param] = grads.params_mut()?;
        rule.step(&mut param.memory, &mut param.direction)?;
        self.shift.iter_mut().zip(&param.direction).for_each(|(t, &step)| *t += step);
        Ok(StepReport::default())
    }

    fn gradients(&self, grads: &LayerGrads<F>) -> Result<Vec<(String, ArrayD<F>)>> {
        let mean = grads.param(0)?.mean(grads.some_rows()?)?;
        Ok(vec![("shift".into(), Array1::from(mean).into_dyn())])
    }

    fn tensors(&self) -> Vec<(String, ArrayD<F>)> {
        vec![("shift".into(), self.shift.clone().into_dyn())]
    }

    fn set_tensors(&mut self, tensors: &mut Tensors<F>) -> Result<()> {
        *self = Self::new(tensors.vector("shift", Some(self.shift.len()))?)?;
        Ok(())
    }

    fn duplicate(&self) -> Box<dyn Layer<F>> {
        Box::new(self.clone())
    }
}
