//! The layer of splines.

use ndarray::{Array1, Array2, ArrayD, ArrayView2, ArrayViewMut2};
use serde::{Deserialize, Serialize};

use super::fit::gaussian_knots;
use super::parameters::Parameters;
use super::{Sharing, SplineOptions, Start, Tails};
use crate::optim::{StepReport, UpdateRule};
use crate::{
    Fresh, Input, Layer, LayerError, LayerGrads, LayerSpec, Real, Recorded, Registry, Result, Tape, Tensors,
    check,
};

/// `y_i = f_i(x_i)` with monotone rational-quadratic splines `f_i` of `K` bins on `[−B, B]` (Durkan et al. 2019), and straight lines beyond;
/// `log|det| = Σ_i log f_i'(x_i)`. One spline for each feature, or for each channel.
///
/// Its parameters are unconstrained (shares of width and height by softmax, slopes by softplus) and follow their Euclidean gradient. The inverse is closed-form.
#[derive(Debug, Clone)]
pub struct Spline<F> {
    splines: Parameters<F>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Options {
    #[serde(default = "SplineOptions::default_bins")]
    bins: usize,
    #[serde(default = "SplineOptions::default_bound")]
    bound: f64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    learned_bound: bool,
    #[serde(default)]
    tails: Tails,
    /// Features of one spline.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    positions: usize,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct NewOptions {
    #[serde(default = "SplineOptions::default_bins")]
    bins: usize,
    #[serde(default = "SplineOptions::default_bound")]
    bound: f64,
    #[serde(default)]
    learned_bound: bool,
    #[serde(default)]
    tails: Tails,
    #[serde(default)]
    per: Sharing,
    #[serde(default)]
    shape: Option<Vec<usize>>,
    #[serde(default)]
    start: Start,
    /// Those of a saved layer.
    #[serde(default)]
    positions: Option<usize>,
}

fn one() -> usize {
    1
}

fn is_one(&positions: &usize) -> bool {
    positions == 1
}

impl<F: Real> Spline<F> {
    /// Name in the registry.
    pub const KIND: &'static str = "spline";

    /// One spline for each of `features` numbers, all of them the identity.
    ///
    /// # Errors
    /// [`LayerError::Range`] for options outside their ranges; no features.
    pub fn identity(features: usize, options: SplineOptions) -> Result<Self> {
        Ok(Self { splines: Parameters::identity(options, features, 1)? })
    }

    /// One spline for each of `channels`, shared by its `positions`, all of them the identity.
    ///
    /// # Errors
    /// [`LayerError::Range`] for options outside their ranges; no features.
    pub fn shared(channels: usize, positions: usize, options: SplineOptions) -> Result<Self> {
        Ok(Self { splines: Parameters::identity(options, channels, positions)? })
    }

    /// The given unconstrained parameters: shares of width and height `[features, bins]`, slopes `[features, bins − 1]` at the inner knots (all
    /// `bins + 1` with [`Tails::Linear`]).
    ///
    /// # Errors
    /// Other shapes; NaN and infinities; options outside their ranges.
    pub fn new(
        options: SplineOptions,
        widths: Array2<F>,
        heights: Array2<F>,
        slopes: Array2<F>,
    ) -> Result<Self> {
        let mut named = vec![
            ("widths".to_owned(), widths.into_dyn()),
            ("heights".to_owned(), heights.into_dyn()),
            ("slopes".to_owned(), slopes.into_dyn()),
        ];
        if options.learned_bound {
            let units = named[0].1.shape().first().copied().unwrap_or(0);
            named.push((
                "log-bound".to_owned(),
                Array1::from_elem(units, F::of(options.bound.ln())).into_dyn(),
            ));
        }
        Ok(Self { splines: Parameters::restore(options, 1, &mut Tensors::from_iter(named))? })
    }

    fn restore(spec: &LayerSpec, tensors: &mut Tensors<F>, _: &Registry<F>) -> Result<Box<dyn Layer<F>>> {
        let Options { bins, bound, learned_bound, tails, positions } = spec.parse()?;
        let options = SplineOptions { bins, bound, learned_bound, tails };
        Ok(Box::new(Self { splines: Parameters::restore(options, positions, tensors)? }))
    }

    fn build(spec: &LayerSpec, fresh: &mut Fresh<'_, F>, _: &Registry<F>) -> Result<Box<dyn Layer<F>>> {
        let NewOptions { bins, bound, learned_bound, tails, per, shape, start, positions } = spec.parse()?;
        let options = SplineOptions { bins, bound, learned_bound, tails };
        let features = fresh.features;
        let channels = match (positions, per, shape.as_deref().or(fresh.shape)) {
            (Some(positions), ..) if positions > 0 => features / positions,
            (_, Sharing::Channel, Some([channels, ..])) => *channels,
            (_, Sharing::Channel, _) => {
                return Err(LayerError::NoShape { what: "a spline for each channel" });
            }
            _ => features,
        };
        if channels == 0 || !features.is_multiple_of(channels) {
            return Err(LayerError::Features {
                what: "the channels of a spline",
                expected: features,
                actual: channels,
            });
        }
        fresh.claim(Parameters::<F>::numbers(options, features))?;
        let mut splines = Parameters::identity(options, channels, features / channels)?;
        if start == Start::Gaussian {
            gaussian_knots(&mut splines, fresh.rows()?.view());
        }
        Ok(Box::new(Self { splines }))
    }

    fn check(&self, from: (usize, usize), to: (usize, usize), log_det: Option<&[f64]>) -> Result<()> {
        check::features("input", self.splines.features(), from.1)?;
        check::shape("output", from, to)?;
        check::log_det(from.0, log_det)
    }
}

impl<F: Real> Layer<F> for Spline<F> {
    fn spec(&self) -> LayerSpec {
        let SplineOptions { bins, bound, learned_bound, tails } = self.splines.options();
        let positions = self.splines.positions();
        LayerSpec::new(Self::KIND, &Options { bins, bound, learned_bound, tails, positions })
    }

    fn features(&self) -> Option<usize> {
        Some(self.splines.features())
    }

    fn forward(
        &self,
        input: Input<'_, F>,
        mut y: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        _tape: &mut Tape<F>,
    ) -> Result<()> {
        self.check(input.x.dim(), y.dim(), log_det.as_deref())?;
        let (x, y) = (check::slice("input", &input.x)?, check::slice_mut("output", &mut y)?);
        self.splines.table().forward(x, y, log_det);
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
        let (y, x) = (check::slice("output", &output.x)?, check::slice_mut("input", &mut x)?);
        self.splines.table().inverse(y, x, log_det);
        Ok(())
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
        if let Some(dx) = &dx {
            check::shape("gradient of the input", x.dim(), dx.dim())?;
        }
        grads.rows += x.nrows();
        self.splines.accumulate(&mut grads.params, |table, sums| table.backward(x, dy, dx, sums))
    }

    fn new_grads(&self) -> LayerGrads<F> {
        LayerGrads::of(self.splines.new_grads())
    }

    fn direct(&self, grads: &mut LayerGrads<F>) -> Result<()> {
        let rows = grads.some_rows()?;
        grads.params.iter_mut().try_for_each(|param| param.write_mean(rows))
    }

    fn update(&mut self, rule: &mut dyn UpdateRule<F>, grads: &mut LayerGrads<F>) -> Result<StepReport> {
        self.splines.update(rule, &mut grads.params)?;
        Ok(StepReport::default())
    }

    fn gradients(&self, grads: &LayerGrads<F>) -> Result<Vec<(String, ArrayD<F>)>> {
        self.splines.gradients(&grads.params, grads.some_rows()?)
    }

    fn tensors(&self) -> Vec<(String, ArrayD<F>)> {
        self.splines.tensors()
    }

    fn set_tensors(&mut self, tensors: &mut Tensors<F>) -> Result<()> {
        let next = Parameters::restore(self.splines.options(), self.splines.positions(), tensors)?;
        check::features("splines", self.splines.features(), next.features())?;
        self.splines = next;
        Ok(())
    }

    fn duplicate(&self) -> Box<dyn Layer<F>> {
        Box::new(self.clone())
    }
}

pub(crate) fn register<F: Real>(registry: &mut Registry<F>) {
    registry.insert_built(Spline::<F>::KIND, Spline::restore, Spline::build);
}
