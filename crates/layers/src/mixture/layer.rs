//! The mixture layer.

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Ix2};
use pdmap_core::group::Free;
use pdmap_core::prelude::*;
use pdmap_core::special::normal::tail_quantile;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::components::Mixture;

/// `y_i = Φ⁻¹(F_i(x_i))` for each feature, with the distribution function
/// `F(x) = Σ_k π_k σ((x − μ_k)/s_k)` of a mixture of `K` logistic distributions (as in Ho et al.
/// 2019, "Flow++", section 3.2, with the normal quantile function in place of the logit). A feature
/// with this distribution becomes standard normal. `log|det| = Σ_i log F_i'(x_i) − log φ(y_i)`.
///
/// Weights (by softmax), means and log-scales follow their Euclidean gradient. Both tails are kept
/// as logarithms, so every finite number is in range; the inverse is found by root finding to full
/// precision. Computed in double precision, one number at a time: slower than a
/// [spline](crate::spline::Spline).
#[derive(Debug, Clone)]
pub struct LogisticMixture<F> {
    /// `[features, components]`: logits of the weights, means, log-scales.
    logits: Free<F, Ix2>,
    means: Free<F, Ix2>,
    log_scales: Free<F, Ix2>,
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

/// Maximum number of components.
const MOST: usize = 256;

/// Minimum initial scale, relative to the spread of the data.
const LEAST: f64 = 1e-3;

impl<F: Real> LogisticMixture<F> {
    /// Mixtures with the given logits of weights, means and log-scales, each
    /// `[features, components]`.
    ///
    /// # Errors
    /// Other shapes; no features or components; NaN and infinities.
    pub fn new(logits: Array2<F>, means: Array2<F>, log_scales: Array2<F>) -> Result<Self> {
        let (features, components) = logits.dim();
        if features * components == 0 {
            return Err(LayerError::NoFeatures);
        }
        for (what, tensor) in [("logits", &logits), ("means", &means), ("log-scales", &log_scales)] {
            check::shape(what, (features, components), tensor.dim())?;
            check::finite(what, tensor.view())?;
        }
        let mut made = Self {
            logits: Free::new("logits", logits)?,
            means: Free::new("means", means)?,
            log_scales: Free::new("log-scales", log_scales)?,
            mixtures: vec![Mixture::default(); features],
        };
        made.refill();
        Ok(made)
    }

    /// Mixtures fitted to rows: components at equally spaced quantiles, as wide as their distance
    /// to the neighbours. Without rows, components of a standard normal distribution.
    ///
    /// # Errors
    /// No features; a number of components outside [1, 256].
    pub fn fit(rows: ArrayView2<'_, F>, components: usize) -> Result<Self> {
        if !(1..=MOST).contains(&components) {
            let value = components as f64;
            return Err(LayerError::Range { what: "components", value, range: "in [1, 256]" });
        }
        let features = rows.ncols();
        let (mut means, mut scales) = (Array2::zeros((features, components)), Array2::zeros((features, components)));
        for feature in 0..features {
            let mut values: Vec<f64> = rows.column(feature).iter().map(|v| v.f64()).collect();
            values.sort_unstable_by(f64::total_cmp);
            let quantile = |p: f64| match values.len() {
                0 => tail_quantile(p.min(1.0 - p).ln()).copysign(p - 0.5),
                count => values[((p * (count - 1) as f64).round() as usize).min(count - 1)],
            };
            let spread = (quantile(0.99) - quantile(0.01)).max(f64::MIN_POSITIVE);
            for k in 0..components {
                let (from, to) = (k as f64 / components as f64, (k + 1) as f64 / components as f64);
                let width = quantile(to.min(0.995)) - quantile(from.max(0.005));
                means[[feature, k]] = F::of(quantile(0.5 * (from + to)));
                // A logistic distribution has half of its mass within 1.1 scales of its mean.
                let scale = (0.5 * width).max(LEAST * spread).max(f64::from(f32::MIN_POSITIVE));
                scales[[feature, k]] = F::of(scale.ln());
            }
        }
        Self::new(Array2::zeros((features, components)), means, scales)
    }

    fn from_tensors(tensors: &mut Tensors<F>) -> Result<Self> {
        let mut matrix = |name| tensors.matrix(name, None);
        Self::new(matrix("logits")?, matrix("means")?, matrix("log-scales")?)
    }

    /// Recomputes the mixtures from the parameters.
    fn refill(&mut self) {
        let Self { logits, means, log_scales, mixtures } = self;
        let (logits, means, log_scales) = (logits.values(), means.values(), log_scales.values());
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

    /// Applies `map(mixture, from) = (to, log slope)` to each number.
    fn pass(
        &self,
        from: ArrayView2<'_, F>,
        mut to: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        map: impl Fn(&Mixture, f64) -> (f64, f64) + Sync,
    ) -> Result<()> {
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

impl<F: Real> Kind<F> for LogisticMixture<F> {
    const KIND: &'static str = "logistic-mixture";

    fn build(spec: &LayerSpec, context: &mut BuildContext<'_, F>, _: &Registry<F>) -> Result<Self> {
        let NewOptions { components } = spec.parse()?;
        context.reserve_parameters(context.features.saturating_mul(components).saturating_mul(3))?;
        Self::fit(context.rows()?.view(), components)
    }

    fn restore(_: &LayerSpec, tensors: &mut Tensors<F>, _: &Registry<F>) -> Result<Self> {
        Self::from_tensors(tensors)
    }
}

impl<F: Real> Parametric<F> for LogisticMixture<F> {
    fn parameters(&self, visit: &mut Visit<'_, F>) -> Result<()> {
        visit(&"logits", &self.logits)?;
        visit(&"means", &self.means)?;
        visit(&"log-scales", &self.log_scales)
    }

    fn parameters_mut(&mut self, visit: &mut VisitMut<'_, F>) -> Result<()> {
        visit(&"logits", &mut self.logits)?;
        visit(&"means", &mut self.means)?;
        visit(&"log-scales", &mut self.log_scales)?;
        self.refill();
        Ok(())
    }
}

impl<F: Real> Layer<F> for LogisticMixture<F> {
    fn spec(&self) -> LayerSpec {
        LayerSpec::new(Self::KIND, &NewOptions { components: self.means.values().ncols() })
    }

    fn shape(&self, input: Shape) -> Result<Shape> {
        input.with_features(self.mixtures.len())
    }

    fn forward(&self, input: Input<F>, y: Out<F>, log_det: Option<&mut [f64]>, _: &mut Tape<F>) -> Result<()> {
        self.pass(input.x, y, log_det, |mixture, x| {
            let at = mixture.at(x);
            (at.y, at.log_slope)
        })
    }

    fn inverse(&self, output: Input<F>, x: Out<F>, log_det: Option<&mut [f64]>, _: &mut Tape<F>) -> Result<()> {
        self.pass(output.x, x, log_det, |mixture, y| {
            let x = mixture.inverse(y);
            (x, -mixture.at(x).log_slope)
        })
    }

    fn backward(&self, at: ForwardPass<F>, dy: In<F>, dx: Option<Out<F>>, grads: &mut [ParamGrad<F>]) -> Result<()> {
        let x = at.input.x;
        let mut dx = dx;
        let components = self.means.values().ncols();
        let [logits, means, log_scales] = exactly(grads)?;
        let (logits, means, log_scales) = (logits.flat_mut()?, means.flat_mut()?, log_scales.flat_mut()?);
        // Feature by feature, so that each sum runs over the rows in order.
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
}
