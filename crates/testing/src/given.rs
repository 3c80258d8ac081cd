//! A layer under a fixed condition: how the laws see layers that want one.

use ndarray::{Array2, ArrayD, ArrayView2, ArrayViewMut2};
use pdmap_core::optim::{StepReport, UpdateRule};
use pdmap_core::{
    Input, Layer, LayerGrads, LayerSpec, Real, Recorded, Registry, Result, State, Tape, Tensors,
};
use serde::{Deserialize, Serialize};

/// The inner layer with the same condition for every row.
#[derive(Debug, Clone)]
pub struct Given<F: Real> {
    inner: Box<dyn Layer<F>>,
    condition: Vec<f64>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Options {
    inner: LayerSpec,
    condition: Vec<f64>,
}

impl<F: Real> Given<F> {
    /// `inner` under `condition`.
    pub fn new(inner: Box<dyn Layer<F>>, condition: Vec<f64>) -> Self {
        Self { inner, condition }
    }

    /// Adds the kind.
    pub fn register(registry: &mut Registry<F>) {
        registry.insert("given", |spec, tensors, registry| {
            let Options { inner, condition } = spec.parse()?;
            Ok(Box::new(Self { inner: registry.restore(&inner, tensors)?, condition }))
        });
    }

    fn rows(&self, rows: usize) -> Array2<F> {
        Array2::from_shape_fn((rows, self.condition.len()), |(_, column)| F::of(self.condition[column]))
    }
}

impl<F: Real> Layer<F> for Given<F> {
    fn spec(&self) -> LayerSpec {
        LayerSpec::new("given", &Options { inner: self.inner.spec(), condition: self.condition.clone() })
    }

    fn features(&self) -> Option<usize> {
        self.inner.features()
    }

    fn forward(
        &self,
        input: Input<'_, F>,
        y: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        tape: &mut Tape<F>,
    ) -> Result<()> {
        let condition = self.rows(input.x.nrows());
        self.inner.forward(input.reborrow().given(condition.view()), y, log_det, tape)
    }

    fn inverse(
        &self,
        output: Input<'_, F>,
        x: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        tape: &mut Tape<F>,
    ) -> Result<()> {
        let condition = self.rows(output.x.nrows());
        self.inner.inverse(output.reborrow().given(condition.view()), x, log_det, tape)
    }

    fn backward(
        &self,
        at: Recorded<'_, F>,
        dy: ArrayView2<'_, F>,
        dx: Option<ArrayViewMut2<'_, F>>,
        grads: &mut LayerGrads<F>,
    ) -> Result<()> {
        let Recorded { input, y, tape, .. } = at;
        let condition = self.rows(input.x.nrows());
        let input = input.reborrow().given(condition.view());
        self.inner.backward(Recorded { input, y, tape }, dy, dx, grads)
    }

    fn new_grads(&self) -> LayerGrads<F> {
        self.inner.new_grads()
    }

    fn direct(&self, grads: &mut LayerGrads<F>) -> Result<()> {
        self.inner.direct(grads)
    }

    fn update(&mut self, rule: &mut dyn UpdateRule<F>, grads: &mut LayerGrads<F>) -> Result<StepReport> {
        self.inner.update(rule, grads)
    }

    fn gradients(&self, grads: &LayerGrads<F>) -> Result<Vec<(String, ArrayD<F>)>> {
        self.inner.gradients(grads)
    }

    fn tensors(&self) -> Vec<(String, ArrayD<F>)> {
        self.inner.tensors()
    }

    fn set_tensors(&mut self, tensors: &mut Tensors<F>) -> Result<()> {
        self.inner.set_tensors(tensors)
    }

    fn save_state(&self, state: &mut State<F>) {
        self.inner.save_state(state);
    }

    fn load_state(&mut self, state: &mut State<F>) -> Result<()> {
        self.inner.load_state(state)
    }

    fn duplicate(&self) -> Box<dyn Layer<F>> {
        Box::new(self.clone())
    }
}
