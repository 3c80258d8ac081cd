//! The layer of mixtures.

use ndarray::{Array2, ArrayD, ArrayView2, ArrayViewMut2};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::components::Mixture;
use crate::optim::{StepReport, UpdateRule};
use crate::{
    Fresh, Input, Layer, LayerError, LayerGrads, LayerSpec, ParamGrad, Real, Recorded, Registry, Result,
    Tape, Tensors, check,
};

/// `y_i = Φ⁻¹(F_i(x_i))` for each feature, with the distribution function `F(x) = Σ_k π_k σ((x − μ_k)/s_k)` of a mixture of `K` logistic distributions (as in Ho et
/// al. 2019, "Flow++", section 3.2, with the normal quantile for the logit): a feature that has this mixture becomes standard normal.
/// `log|det| = Σ_i log F_i'(x_i) − log φ(y_i)`.
///
/// Weights (by softmax), means and log-scales follow their Euclidean gradient. Both tails are kept in logarithms, so that no number is out of reach;
/// the inverse is a root to full precision. In double precision inside, one number at a time: slower than a [spline](crate::spline::Spline).
#[derive(Debug, Clone)]
pub struct LogisticMixture<F> {
    /// `[features, components]`: logits of the weights, means, log-scales.
    logits: Array2<F>,
    means: Array2<F>,
    log_scales: Array2<F>,
    mixtures: Vec<Mixture>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewOptions {
    #[serde(default = "eight")]
    components: usize,
}

fn eight() -> usize {
    8
}

/// Most components of a mixture.
const MOST: usize = 256;

/// The least a scale starts with, as a part of the whole spread.
const LEAST: f64 = 1e-3;

impl<F: Real> LogisticMixture<F> {
    /// Name in the registry.
    pub const KIND: &'static str = "logistic-mixture";

    /// Mixtures with the given logits of weights, means and log-scales, each `[features, components]`.
    ///
    /// # Errors
    /// Other shapes; none of either; NaN and infinities.
    pub fn new(logits: Array2<F>, means: Array2<F>, log_scales: Array2<F>) -> Result<Self> {
        let (features, components) = logits.dim();
        if features * components == 0 {
            return Err(LayerError::NoFeatures);
        }
        for (what, tensor) in [("logits", &logits), ("means", &means), ("log-scales", &log_scales)] {
            check::shape(what, (features, components), tensor.dim())?;
            check::finite(what, tensor.view())?;
        }
        let mut made = Self { logits, means, log_scales, mixtures: vec![Mixture::default(); features] };
        made.refill();
        Ok(made)
    }

    /// Mixtures fitted to rows: components at equally spaced quantiles, each as wide as the way to the next ones. Without rows, those of a standard normal
    /// distribution.
    ///
    /// # Errors
    /// No features; a number of components outside [1, 256].
    pub fn fit(rows: ArrayView2<'_, F>, components: usize) -> Result<Self> {
        if !(1..=MOST).contains(&components) {
            let value = components as f64;
            return Err(LayerError::Range { what: "components", value, range: "in [1, 256]" });
        }
        let features = rows.ncols();
        let (mut means, mut scales) =
            (Array2::zeros((features, components)), Array2::zeros((features, components)));
        for feature in 0..features {
            let mut values: Vec<f64> = rows.column(feature).iter().map(|v| v.f64()).collect();
            values.sort_unstable_by(f64::total_cmp);
            let quantile = |p: f64| match values.len() {
                0 => crate::normal::tail_quantile(p.min(1.0 - p).ln()).copysign(p - 0.5),
                count => values[((p * (count - 1) as f64).round() as usize).min(count - 1)],
            };
            let spread = (quantile(0.99) - quantile(0.01)).max(f64::MIN_POSITIVE);
            for k in 0..components {
                let (from, to) = (k as f64 / components as f64, (k + 1) as f64 / components as f64);
                let width = quantile(to.min(0.995)) - quantile(from.max(0.005));
                means[[feature, k]] = F::of(quantile(0.5 * (from + to)));
                // A logistic distribution has half of its mass within 1.1 scales.
                let scale = (0.5 * width).max(LEAST * spread).max(f64::from(f32::MIN_POSITIVE));
                scales[[feature, k]] = F::of(scale.ln());
            }
        }
        Self::new(Array2::zeros((features, components)), means, scales)
    }

    fn build(spec: &LayerSpec, fresh: &mut Fresh<'_, F>, _: &Registry<F>) -> Result<Box<dyn Layer<F>>> {
        let NewOptions { components } = spec.parse()?;
        fresh.claim(fresh.features.saturating_mul(components).saturating_mul(3))?;
        Ok(Box::new(Self::fit(fresh.rows()?.view(), components)?))
    }

    fn from_tensors(tensors: &mut Tensors<F>) -> Result<Self> {
        let mut matrix = |name: &str| -> Result<Array2<F>> {
            let tensor = tensors.take(name)?;
            let actual = tensor.shape().to_vec();
            let unfit = LayerError::TensorShape { name: name.to_owned(), expected: vec![0, 0], actual };
            let matrix: Array2<F> = tensor.into_dimensionality().map_err(|_| unfit)?;
            Ok(matrix.as_standard_layout().into_owned())
        };
        Self::new(matrix("logits")?, matrix("means")?, matrix("log-scales")?)
    }

    /// Brings the mixtures in line with the parameters.
    fn refill(&mut self) {
        let Self { logits, means, log_scales, mixtures } = self;
        let rows = logits.rows().into_iter().zip(means.rows()).zip(log_scales.rows());
        for (mixture, ((logits, means), log_scales)) in mixtures.iter_mut().zip(rows) {
            let refill = |to: &mut Vec<f64>, from: ndarray::ArrayView1<'_, F>| {
                to.clear();
                to.extend(from.iter().map(|v| v.f64()));
            };
            refill(&mut mixture.log_weights, logits);
            refill(&mut mixture.means, means);
            refill(&mut mixture.log_scales, log_scales);
            let top = mixture.log_weights.iter().fold(f64::NEG_INFINITY, |a, &b| a.max(b));
            let total = top + mixture.log_weights.iter().map(|v| (v - top).exp()).sum::<f64>().ln();
            mixture.log_weights.iter_mut().for_each(|v| *v -= total);
        }
    }

    fn check(&self, from: (usize, usize), to: (usize, usize), log_det: Option<&[f64]>) -> Result<()> {
        check::features("input", self.mixtures.len(), from.1)?;
        check::shape("output", from, to)?;
        check::log_det(from.0, log_det)
    }

    /// `map(mixture, from) = (to, log slope)` on each number.
    fn pass(
        &self,
        from: ArrayView2<'_, F>,
        mut to: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        map: impl Fn(&Mixture, f64) -> (f64, f64) + Sync,
    ) -> Result<()> {
        self.check(from.dim(), to.dim(), log_det.as_deref())?;
        let width = self.mixtures.len();
        let (from, to) = (check::slice("input", &from)?, check::slice_mut("output", &mut to)?);
        let row = |(to, from): (&mut [F], &[F])| -> f64 {
            let numbers = to.iter_mut().zip(from).zip(&self.mixtures);
            numbers
                .map(|((to, from), mixture)| {
                    let (value, log_slope) = map(mixture, from.f64());
                    *to = F::of(value);
                    log_slope
                })
                .sum()
        };
        let rows = to.par_chunks_mut(width).zip(from.par_chunks(width));
        match log_det {
            None => rows.for_each(|pair| {
                row(pair);
            }),
            Some(log_det) => rows.zip(log_det).for_each(|(pair, log_det)| *log_det += row(pair)),
        }
        Ok(())
    }
}

impl<F: Real> Layer<F> for LogisticMixture<F> {
    fn spec(&self) -> LayerSpec {
        LayerSpec::new(Self::KIND, &NewOptions { components: self.means.ncols() })
    }

    fn features(&self) -> Option<usize> {
        Some(self.mixtures.len())
    }

    fn forward(
        &self,
        input: Input<'_, F>,
        y: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        _tape: &mut Tape<F>,
    ) -> Result<()> {
        self.pass(input.x, y, log_det, |mixture, x| {
            let at = mixture.at(x);
            (at.y, at.log_slope)
        })
    }

    fn inverse(
        &self,
        output: Input<'_, F>,
        x: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        _tape: &mut Tape<F>,
    ) -> Result<()> {
        self.pass(output.x, x, log_det, |mixture, y| {
            let x = mixture.inverse(y);
            (x, -mixture.at(x).log_slope)
        })
    }

    fn backward(
        &self,
        at: Recorded<'_, F>,
        dy: ArrayView2<'_, F>,
        dx: Option<ArrayViewMut2<'_, F>>,
        grads: &mut LayerGrads<F>,
    ) -> Result<()> {
        let x = at.input.x;
        self.check(x.dim(), dy.dim(), None)?;
        let mut dx = dx;
        if let Some(dx) = &dx {
            check::shape("gradient of the input", x.dim(), dx.dim())?;
        }
        grads.rows += x.nrows();
        let components = self.means.ncols();
        let [logits, means, log_scales] = grads.params_mut()?;
        let (logits, means, log_scales) = (logits.flat_mut()?, means.flat_mut()?, log_scales.flat_mut()?);
        // Feature by feature, so that each sum runs over the rows in their order.
        for (feature, mixture) in self.mixtures.iter().enumerate() {
            let own = feature * components..(feature + 1) * components;
            let (logits, means) = (&mut logits[own.clone()], &mut means[own.clone()]);
            let log_scales = &mut log_scales[own];
            for row in 0..x.nrows() {
                let (value, delta) = (x[[row, feature]].f64(), dy[[row, feature]].f64());
                let mut total = 0.0;
                let by_x = mixture.gradient(value, delta, |k, [weight, mean, scale]| {
                    logits[k] += F::of(weight);
                    means[k] += F::of(mean);
                    log_scales[k] += F::of(scale);
                    total += weight;
                });
                // log π = logits − log Σ e^logits.
                for (logit, log_weight) in logits.iter_mut().zip(&mixture.log_weights) {
                    *logit -= F::of(total * log_weight.exp());
                }
                if let Some(dx) = &mut dx {
                    dx[[row, feature]] = F::of(by_x);
                }
            }
        }
        Ok(())
    }

    fn new_grads(&self) -> LayerGrads<F> {
        let size = self.means.len();
        LayerGrads::of(["logits", "means", "log-scales"].map(|name| ParamGrad::flat(name, size)).into())
    }

    fn direct(&self, grads: &mut LayerGrads<F>) -> Result<()> {
        let rows = grads.some_rows()?;
        grads.params.iter_mut().try_for_each(|param| param.write_mean(rows))
    }

    fn update(&mut self, rule: &mut dyn UpdateRule<F>, grads: &mut LayerGrads<F>) -> Result<StepReport> {
        let params: &mut [ParamGrad<F>; 3] = grads.params_mut()?;
        let own = [&mut self.logits, &mut self.means, &mut self.log_scales];
        for (values, param) in own.into_iter().zip(params) {
            let Some(values) = values.as_slice_mut() else { continue };
            check::features("step of a mixture", values.len(), param.direction.len())?;
            rule.ascend(&mut param.memory, values, &mut param.direction)?;
            let step = ArrayView2::from_shape((1, param.direction.len()), &param.direction);
            check::finite("step of a mixture", step.map_err(|_| LayerError::NoFeatures)?)?;
        }
        self.refill();
        Ok(StepReport::default())
    }

    fn gradients(&self, grads: &LayerGrads<F>) -> Result<Vec<(String, ArrayD<F>)>> {
        let rows = grads.some_rows()?;
        let named = self.tensors().into_iter().zip(&grads.params);
        named
            .map(|((name, tensor), param)| {
                let mean = ArrayD::from_shape_vec(tensor.raw_dim(), param.mean(rows)?);
                Ok((name, mean.map_err(|_| LayerError::Grads { expected: 3, actual: 0 })?))
            })
            .collect()
    }

    fn tensors(&self) -> Vec<(String, ArrayD<F>)> {
        let named = [("logits", &self.logits), ("means", &self.means), ("log-scales", &self.log_scales)];
        named.map(|(name, tensor)| (name.to_owned(), tensor.clone().into_dyn())).into()
    }

    fn set_tensors(&mut self, tensors: &mut Tensors<F>) -> Result<()> {
        let next = Self::from_tensors(tensors)?;
        check::shape("mixtures", self.means.dim(), next.means.dim())?;
        *self = next;
        Ok(())
    }

    fn duplicate(&self) -> Box<dyn Layer<F>> {
        Box::new(self.clone())
    }
}

pub(crate) fn register<F: Real>(registry: &mut Registry<F>) {
    registry.insert_built(
        LogisticMixture::<F>::KIND,
        |_, tensors, _| Ok(Box::new(LogisticMixture::from_tensors(tensors)?)),
        LogisticMixture::build,
    );
}
