//! The spline layer.

use ndarray::{Array1, Array2};
use pdmap_core::prelude::*;
use serde::{Deserialize, Serialize};

use super::fit::gaussian_knots;
use super::parameters::Parameters;
use super::{Sharing, SplineOptions, Start, Tails};

/// `y_i = f_i(x_i)` with monotone rational-quadratic splines `f_i` of `K` bins on `[−B, B]` and
/// linear tails (Durkan et al. 2019); `log|det| = Σ_i log f_i'(x_i)`. One spline per feature or per
/// channel.
///
/// The parameters are unconstrained (shares of width and height by softmax, slopes by softplus) and
/// follow their Euclidean gradient. The inverse is closed-form.
#[derive(Debug, Clone)]
pub struct Spline<F> {
    splines: Parameters<F>,
}

/// Options of a saved layer.
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
    /// Features per spline.
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
    /// Given for a saved layer.
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
    /// One spline for each of `features` numbers, initialized to the identity.
    ///
    /// # Errors
    /// [`LayerError::Range`] for options outside their ranges; no features.
    pub fn identity(features: usize, options: SplineOptions) -> Result<Self> {
        Ok(Self { splines: Parameters::identity(options, features, 1)? })
    }

    /// Bins, bound and tails.
    pub fn options(&self) -> SplineOptions {
        self.splines.options()
    }

    /// How many consecutive features share a spline.
    pub fn positions(&self) -> usize {
        self.splines.positions()
    }

    /// One spline for each of `channels`, shared by its `positions`, initialized to the identity.
    ///
    /// # Errors
    /// [`LayerError::Range`] for options outside their ranges; no features.
    pub fn shared(channels: usize, positions: usize, options: SplineOptions) -> Result<Self> {
        Ok(Self { splines: Parameters::identity(options, channels, positions)? })
    }

    /// The given unconstrained parameters: shares of width and height `[features, bins]`, slopes
    /// `[features, bins − 1]` at the inner knots (all `bins + 1` with [`Tails::Linear`]).
    ///
    /// # Errors
    /// Other shapes; NaN and infinities; options outside their ranges.
    pub fn new(options: SplineOptions, widths: Array2<F>, heights: Array2<F>, slopes: Array2<F>) -> Result<Self> {
        let mut named = vec![
            ("widths".to_owned(), widths.into_dyn()),
            ("heights".to_owned(), heights.into_dyn()),
            ("slopes".to_owned(), slopes.into_dyn()),
        ];
        if options.learned_bound {
            let units = named[0].1.shape().first().copied().unwrap_or(0);
            named.push(("log-bound".to_owned(), Array1::from_elem(units, F::of(options.bound.ln())).into_dyn()));
        }
        Ok(Self { splines: Parameters::restore(options, 1, &mut Tensors::from_iter(named))? })
    }
}

impl<F: Real> Kind<F> for Spline<F> {
    const KIND: &'static str = "spline";

    fn build(spec: &LayerSpec, context: &mut BuildContext<'_, F>, _: &Registry<F>) -> Result<Self> {
        let NewOptions { bins, bound, learned_bound, tails, per, shape, start, positions } = spec.parse()?;
        let options = SplineOptions { bins, bound, learned_bound, tails };
        let features = context.features;
        let channels = match (positions, per, shape.as_deref().or(context.shape.spatial())) {
            (Some(positions), ..) if positions > 0 => features / positions,
            (_, Sharing::Channel, Some([channels, ..])) => *channels,
            (_, Sharing::Channel, _) => {
                return Err(LayerError::NoShape { what: "a spline for each channel" });
            }
            _ => features,
        };
        if channels == 0 || !features.is_multiple_of(channels) {
            let what = "the channels of a spline";
            return Err(LayerError::Features { what, expected: features, actual: channels });
        }
        context.reserve_parameters(Parameters::<F>::numbers(options, features))?;
        let mut splines = Parameters::identity(options, channels, features / channels)?;
        if start == Start::Gaussian {
            gaussian_knots(&mut splines, context.rows()?.view());
        }
        Ok(Self { splines })
    }

    fn restore(spec: &LayerSpec, tensors: &mut Tensors<F>, _: &Registry<F>) -> Result<Self> {
        let Options { bins, bound, learned_bound, tails, positions } = spec.parse()?;
        let options = SplineOptions { bins, bound, learned_bound, tails };
        Ok(Self { splines: Parameters::restore(options, positions, tensors)? })
    }
}

impl<F: Real> Parametric<F> for Spline<F> {
    pdmap_core::delegate_parameters!(F, splines);
}

impl<F: Real> Layer<F> for Spline<F> {
    fn spec(&self) -> LayerSpec {
        let SplineOptions { bins, bound, learned_bound, tails } = self.splines.options();
        let positions = self.splines.positions();
        LayerSpec::new(Self::KIND, &Options { bins, bound, learned_bound, tails, positions })
    }

    fn shape(&self, input: Shape) -> Result<Shape> {
        input.with_features(self.splines.features())
    }

    fn forward(&self, input: Input<F>, mut y: Out<F>, log_det: Option<&mut [f64]>, _: &mut Tape<F>) -> Result<()> {
        let (x, y) = (check::slice("input", &input.x)?, check::slice_mut("output", &mut y)?);
        self.splines.table().forward(x, y, log_det);
        Ok(())
    }

    fn inverse(&self, output: Input<F>, mut x: Out<F>, log_det: Option<&mut [f64]>, _: &mut Tape<F>) -> Result<()> {
        let (y, x) = (check::slice("output", &output.x)?, check::slice_mut("input", &mut x)?);
        self.splines.table().inverse(y, x, log_det);
        Ok(())
    }

    fn backward(&self, at: ForwardPass<F>, dy: In<F>, dx: Option<Out<F>>, grads: &mut [ParamGrad<F>]) -> Result<()> {
        self.splines.accumulate(grads, |table, sums| table.backward(at.input.x, dy, dx, sums))
    }
}
