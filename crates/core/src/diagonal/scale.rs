//! Per-feature positive scale: the 1×1 case of a linear layer.

use ndarray::{Array1, ArrayD, ArrayView1, ArrayView2, ArrayViewMut2, Axis};
use serde::{Deserialize, Serialize};

use crate::optim::{StepReport, UpdateRule};
use crate::{
    Fresh, Input, Layer, LayerError, LayerGrads, LayerSpec, ParamGrad, Real, Recorded, Registry, Result,
    Tape, Tensors, check, parallel,
};

/// In which coordinates a scale moves. With `b = δ`, all three vanish at `s = −1/mean(b x)`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScaleDirection {
    /// `b x + 1/s` (the founding note's equation 1), `s ← s + η·opt`.
    Euclidean,
    /// `b x s² + s` (equation 2): no division; `s ← s + η·opt`.
    Relative,
    #[default]
    /// `b x s + 1`; `s ← s·exp(η·opt)`, which stays positive by itself.
    Algebra,
}

/// `y = s ∘ x` with `s > 0`; `log|det| = Σ log s`.
#[derive(Debug, Clone)]
pub struct Scale<F> {
    scale: Array1<F>,
    direction: ScaleDirection,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    #[serde(default)]
    direction: ScaleDirection,
}

impl<F: Real> Scale<F> {
    /// Name in the registry.
    pub const KIND: &'static str = "scale";

    /// All scales 1.
    pub fn one(features: usize, direction: ScaleDirection) -> Self {
        Self { scale: Array1::ones(features), direction }
    }

    /// The given scales.
    ///
    /// # Errors
    /// [`LayerError::NotPositive`] for a scale that is not positive and finite.
    pub fn new(scale: Array1<F>, direction: ScaleDirection) -> Result<Self> {
        match scale.iter().position(|s| !(*s > F::zero() && num_traits::Float::is_finite(*s))) {
            Some(index) => Err(LayerError::NotPositive { index, value: scale[index].f64() }),
            None => Ok(Self { scale, direction }),
        }
    }

    /// The scales.
    pub fn scale(&self) -> &Array1<F> {
        &self.scale
    }

    pub(super) fn restore(
        spec: &LayerSpec,
        tensors: &mut Tensors<F>,
        _registry: &Registry<F>,
    ) -> Result<Box<dyn Layer<F>>> {
        let Options { direction } = spec.parse()?;
        Ok(Box::new(Self::new(tensors.vector("scale", None)?, direction)?))
    }

    pub(super) fn build(
        spec: &LayerSpec,
        fresh: &mut Fresh<'_, F>,
        _registry: &Registry<F>,
    ) -> Result<Box<dyn Layer<F>>> {
        let Options { direction } = spec.parse()?;
        Ok(Box::new(Self::one(fresh.features, direction)))
    }

    fn log_det(&self) -> f64 {
        self.scale.iter().map(|s| s.f64().ln()).sum()
    }

    fn map(
        &self,
        from: ArrayView2<'_, F>,
        mut to: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        sign: f64,
        f: impl Fn(F, F) -> F,
    ) -> Result<()> {
        check::features("input", self.scale.len(), from.ncols())?;
        check::shape("output", from.dim(), to.dim())?;
        check::log_det(from.nrows(), log_det.as_deref())?;
        for (mut to, from) in to.rows_mut().into_iter().zip(from.rows()) {
            for ((to, &from), &s) in to.iter_mut().zip(from).zip(&self.scale) {
                *to = f(from, s);
            }
        }
        if let Some(log_det) = log_det {
            let own = sign * self.log_det();
            log_det.iter_mut().for_each(|value| *value += own);
        }
        Ok(())
    }
}

impl<F: Real> Layer<F> for Scale<F> {
    fn spec(&self) -> LayerSpec {
        LayerSpec::new(Self::KIND, &Options { direction: self.direction })
    }

    fn features(&self) -> Option<usize> {
        Some(self.scale.len())
    }

    fn forward(
        &self,
        input: Input<'_, F>,
        y: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        _tape: &mut Tape<F>,
    ) -> Result<()> {
        self.map(input.x, y, log_det, 1.0, |x, s| x * s)
    }

    fn inverse(
        &self,
        output: Input<'_, F>,
        x: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        _tape: &mut Tape<F>,
    ) -> Result<()> {
        self.map(output.x, x, log_det, -1.0, |y, s| y / s)
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
        let (delta, x) = (check::slice("gradient of the output", &dy)?, check::slice("input", &at.input.x)?);
        parallel::add_column_products(param.flat_mut()?, delta, x);
        grads.rows += dy.nrows();
        match dx {
            Some(dx) => self.map(dy, dx, None, 1.0, |dy, s| dy * s),
            None => Ok(()),
        }
    }

    fn new_grads(&self) -> LayerGrads<F> {
        LayerGrads::of(vec![ParamGrad::flat("scale", self.scale.len())])
    }

    fn direct(&self, grads: &mut LayerGrads<F>) -> Result<()> {
        let rows = grads.some_rows()?;
        let [param] = grads.params_mut()?;
        param.write_mean(rows)?;
        for (direction, &s) in param.direction.iter_mut().zip(&self.scale) {
            let bx = *direction;
            *direction = match self.direction {
                ScaleDirection::Euclidean => bx + F::one() / s,
                ScaleDirection::Relative => bx * s * s + s,
                ScaleDirection::Algebra => bx * s + F::one(),
            };
        }
        Ok(())
    }

    fn update(&mut self, rule: &mut dyn UpdateRule<F>, grads: &mut LayerGrads<F>) -> Result<StepReport> {
        let [param] = grads.params_mut()?;
        rule.step(&mut param.memory, &mut param.direction)?;
        check::finite("step of the scale", ArrayView1::from(&param.direction).insert_axis(Axis(0)))?;
        let mut halvings = 0;
        for (s, &step) in self.scale.iter_mut().zip(&param.direction) {
            if self.direction == ScaleDirection::Algebra {
                let next = *s * num_traits::Float::exp(step);
                // exp underflows or overflows only for a step beyond any sense; the scale then stays.
                if next > F::zero() && num_traits::Float::is_finite(next) {
                    *s = next
                } else {
                    halvings += 1
                }
                continue;
            }
            // A step that would pass 0 is halved until it does not.
            let mut step = step;
            while *s + step <= F::zero() {
                step *= F::of(0.5);
                halvings += 1;
            }
            *s += step;
        }
        Ok(StepReport { halvings })
    }

    fn gradients(&self, grads: &LayerGrads<F>) -> Result<Vec<(String, ArrayD<F>)>> {
        let mean = Array1::from(grads.param(0)?.mean(grads.some_rows()?)?);
        let gradient = mean + self.scale.mapv(|s| F::one() / s);
        Ok(vec![("scale".into(), gradient.into_dyn())])
    }

    fn tensors(&self) -> Vec<(String, ArrayD<F>)> {
        vec![("scale".into(), self.scale.clone().into_dyn())]
    }

    fn set_tensors(&mut self, tensors: &mut Tensors<F>) -> Result<()> {
        *self = Self::new(tensors.vector("scale", Some(self.scale.len()))?, self.direction)?;
        Ok(())
    }

    fn duplicate(&self) -> Box<dyn Layer<F>> {
        Box::new(self.clone())
    }
}
