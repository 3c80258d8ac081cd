//! Expands one entry of a description into the layers of all levels.

use ndarray::Array2;
use ndarray::linalg::kron;
use pdmap_core::group::Group;
use pdmap_core::{BuildContext, Chain, FactorOut, Layer, LayerError, LayerSpec, Real, Registry, Result, Shape};
use pdmap_filterbank::Stages;
use serde::{Deserialize, Serialize};

use super::Squeeze;
use crate::layer::shaped;
use crate::{CycledConv, Geometry, Output};

/// Options of `multiscale` in a description.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    shape: Vec<usize>,
    levels: usize,
    #[serde(default)]
    step: Step,
    /// Fraction of the channels that continues to the next level.
    #[serde(default = "half")]
    keep: f64,
    /// Layers of each level, after its step.
    layers: Vec<LayerSpec>,
}

fn half() -> f64 {
    0.5
}

/// The step from one level to the next: half as many positions along each axis, with more channels
/// in return.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum Step {
    /// Turns neighbouring positions into channels.
    #[default]
    Squeeze,
    /// A convolution initialized to the orthonormal Daubechies bank with this many taps, the low
    /// band first; in images along both axes.
    Daubechies(usize),
    /// A convolution of period 2 with learned stages.
    Learned { group: Group, stages: usize },
}

/// Maximum number of levels; each halves the sides.
const MOST_LEVELS: usize = 24;

/// Builds the levels of a multi-scale flow as a chain: step, layers, and the next level on the
/// channels that are kept.
///
/// # Errors
/// Sides that cannot be halved that often; a fraction outside (0, 1]; those of the layers.
pub(crate) fn build<F: Real>(
    spec: &LayerSpec,
    context: &mut BuildContext<'_, F>,
    registry: &Registry<F>,
) -> Result<Box<dyn Layer<F>>> {
    let options: Options = shaped(spec, context).parse()?;
    if !(1..=MOST_LEVELS).contains(&options.levels) {
        return Err(LayerError::Range { what: "levels", value: options.levels as f64, range: "in [1, 24]" });
    }
    if !(options.keep > 0.0 && options.keep <= 1.0) {
        return Err(LayerError::Range { what: "keep", value: options.keep, range: "in (0, 1]" });
    }
    Ok(Box::new(level(&options, options.levels, &options.shape, context, registry)?))
}

fn level<F: Real>(
    options: &Options,
    left: usize,
    shape: &[usize],
    context: &mut BuildContext<'_, F>,
    registry: &Registry<F>,
) -> Result<Chain<F>> {
    let step = options.step.layer::<F>(shape, context)?;
    let input = Shape::of(shape)?;
    let rows = context.rows()?.clone();
    let mut sample = context.sample.with(rows);
    let mut inside = context.on(input, &mut sample);
    let mut layers = vec![step];
    for spec in &options.layers {
        let layer = registry.build(spec, &mut inside.behind(&layers)?)?;
        layers.push(layer);
    }
    if left > 1 {
        let shape = layers.iter().try_fold(input, |shape, layer| layer.shape(shape))?;
        let (dims, all) = (shape.dims(), shape.dims()[0]);
        let channels = ((all as f64 * options.keep).round() as usize).clamp(1, all);
        let kept: Vec<usize> = std::iter::once(channels).chain(dims[1..].iter().copied()).collect();
        let next = |inside: &mut BuildContext<'_, F>| level(options, left - 1, &kept, inside, registry);
        let next = FactorOut::build_inner(&mut inside.behind(&layers)?, Shape::of(&kept)?, next)?;
        layers.push(Box::new(next));
    }
    Chain::new(layers)
}

impl Step {
    fn layer<F: Real>(&self, shape: &[usize], context: &mut BuildContext<'_, F>) -> Result<Box<dyn Layer<F>>> {
        let subbands = || Ok::<_, LayerError>(Geometry::of_lists(shape, &[2])?.with_output(Output::Subbands));
        Ok(match *self {
            Self::Squeeze => Box::new(Squeeze::new(shape, 2)?),
            Self::Learned { group, stages } => {
                Box::new(CycledConv::random(subbands()?, stages, group, &mut *context.rng)?)
            }
            Self::Daubechies(taps) => Box::new(daubechies_step(taps, subbands()?)?),
        })
    }
}

/// The bank on each channel separately, as an initialization; training may change it but keeps it
/// orthonormal.
fn daubechies_step<F: Real>(taps: usize, geometry: Geometry) -> Result<CycledConv<F>> {
    let line = Stages::daubechies(taps)?;
    let bank = if geometry.period().len() == 1 { line } else { Stages::separable(&line, &line)? };
    let channels = geometry.channels();
    // Check sizes before computing the products.
    Stages::identity(bank.period(), channels, bank.matrices().len())?;
    let eye = Array2::eye(channels);
    let each = bank.matrices().iter().map(|matrix| kron(matrix, &eye)).collect();
    CycledConv::of_bank(geometry, &Stages::new(bank.period(), channels, each)?, Group::Orthonormal)
}
