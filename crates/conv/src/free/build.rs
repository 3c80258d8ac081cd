//! Builds the layer from specifications, descriptions and tensors.

use pdmap_core::group::Start;
use pdmap_core::{BuildContext, Kind, LayerError, LayerSpec, Real, Registry, Result, Tensors, check};
use pdmap_filterbank::{Period, Stages};
use serde::Deserialize;

use super::kernels::FreeDirection;
use super::layer::FreeConv;
use super::options::Options;
use crate::layer::{one_or_more, shaped};

/// Options of a new layer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewOptions {
    shape: Vec<usize>,
    /// `[K]` or `[K_h, K_w]`; a single number applies to both axes.
    #[serde(deserialize_with = "one_or_more")]
    period: Vec<usize>,
    /// Length of a kernel in periods.
    #[serde(default = "two")]
    overlap: usize,
    #[serde(default)]
    start: Start,
    #[serde(default)]
    direction: FreeDirection,
}

fn two() -> usize {
    2
}

impl<F: Real> Kind<F> for FreeConv<F> {
    const KIND: &'static str = "free-conv";

    fn restore(spec: &LayerSpec, tensors: &mut Tensors<F>, _: &Registry<F>) -> Result<Self> {
        let options: Options = spec.parse()?;
        let kernels = options.kernels(tensors)?;
        Self::new(&options.shape, kernels, options.direction)
    }

    fn build(spec: &LayerSpec, context: &mut BuildContext<'_, F>, _: &Registry<F>) -> Result<Self> {
        let NewOptions { shape, period, overlap, start, direction } = shaped(spec, context).parse()?;
        let period = match (&period[..], shape.len()) {
            (&[length], 2) => Period::Signal(length),
            (&[side], 3) => Period::Image(side, side),
            (&[height, width], 3) => Period::Image(height, width),
            (found, axes) => {
                let (expected, actual) = (vec![axes.saturating_sub(1)], vec![found.len()]);
                return Err(LayerError::Shape { what: "period", expected, actual });
            }
        };
        let features = shape.iter().try_fold(1_usize, |product, &size| product.checked_mul(size));
        check::features("shape", context.features, features.unwrap_or(usize::MAX))?;
        let channels = shape.first().copied().unwrap_or_default();
        // Reserve the kernels over `overlap` periods with their weight, and a factorized complex
        // matrix of the same side per frequency.
        let across = match period {
            Period::Signal(length) => length,
            Period::Image(height, width) => height.saturating_mul(width),
        };
        let side = across.saturating_mul(channels);
        let frequencies = context.features / side.max(1);
        let matrices = overlap.saturating_mul(2).saturating_add(frequencies.saturating_mul(4));
        context.reserve_parameters(side.saturating_mul(side).saturating_mul(matrices))?;
        let stages = match start {
            Start::Haar => Stages::random(period, channels, overlap, context.rng)?,
            Start::Identity => Stages::identity(period, channels, overlap)?,
        };
        Self::new(&shape, stages.kernels()?, direction)
    }
}
