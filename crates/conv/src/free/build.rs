//! From specifications, descriptions and tensors.

use ndarray::{Ix4, Ix6};
use pdmap_core::{Fresh, Layer, LayerError, LayerSpec, Real, Registry, Result, Tensors, check};
use serde::{Deserialize, Serialize};

use super::{FreeConv, FreeDirection};
use crate::bank::{Kernels, Period, Stages};
use crate::layer::{one_or_more, shaped};

/// Options of a saved layer: what the kernels' tensor does not say.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Options {
    /// `[C, n]` or `[C, H, W]`.
    shape: Vec<usize>,
    /// One number for a signal, two for an image.
    offset: Vec<isize>,
    #[serde(default)]
    direction: FreeDirection,
}

/// Options of a new layer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewOptions {
    shape: Vec<usize>,
    /// `[K]` or `[K_h, K_w]`; one number stands for both.
    #[serde(deserialize_with = "one_or_more")]
    period: Vec<usize>,
    /// Periods that a kernel is long.
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

/// The kernels of a new layer: those of a product of orthonormal stages, with their offset.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Start {
    /// Stages drawn from the Haar measure.
    #[default]
    Haar,
    /// The identity.
    Identity,
}

impl Options {
    pub(super) fn of(shape: &[usize], kernels: &Kernels, direction: FreeDirection) -> Self {
        let axes = shape.len().saturating_sub(1).min(2);
        Self { shape: shape.to_vec(), offset: kernels.offset()[2 - axes..].to_vec(), direction }
    }

    /// The kernels, from their tensor.
    pub(super) fn kernels<F: Real>(&self, tensors: &mut Tensors<F>) -> Result<Kernels> {
        let tensor = tensors.take("kernels")?.mapv(F::f64);
        let actual = tensor.shape().to_vec();
        let shape = |expected: usize| LayerError::TensorShape {
            name: "kernels".into(),
            expected: vec![0; expected],
            actual: actual.clone(),
        };
        match self.offset[..] {
            [offset] => Kernels::signal(tensor.into_dimensionality::<Ix4>().map_err(|_| shape(4))?, offset),
            [down, across] => {
                Kernels::image(tensor.into_dimensionality::<Ix6>().map_err(|_| shape(6))?, [down, across])
            }
            _ => {
                Err(LayerError::Shape { what: "offset", expected: vec![2], actual: vec![self.offset.len()] })
            }
        }
    }
}

impl<F: Real> FreeConv<F> {
    pub(crate) fn restore(
        spec: &LayerSpec,
        tensors: &mut Tensors<F>,
        _registry: &Registry<F>,
    ) -> Result<Box<dyn Layer<F>>> {
        Ok(Box::new(Self::from_tensors(spec, tensors)?))
    }

    pub(crate) fn from_tensors(spec: &LayerSpec, tensors: &mut Tensors<F>) -> Result<Self> {
        let options: Options = spec.parse()?;
        let kernels = options.kernels(tensors)?;
        Self::new(&options.shape, kernels, options.direction)
    }

    pub(crate) fn build(
        spec: &LayerSpec,
        fresh: &mut Fresh<'_, F>,
        _registry: &Registry<F>,
    ) -> Result<Box<dyn Layer<F>>> {
        let NewOptions { shape, period, overlap, start, direction } = shaped(spec, fresh).parse()?;
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
        check::features("shape", fresh.features, features.unwrap_or(usize::MAX))?;
        let channels = shape.first().copied().unwrap_or_default();
        // Kernels over `overlap` periods and the weight that is made of them, and at each frequency a complex matrix of that side with its factors.
        let across = match period {
            Period::Signal(length) => length,
            Period::Image(height, width) => height.saturating_mul(width),
        };
        let side = across.saturating_mul(channels);
        let frequencies = fresh.features / side.max(1);
        let matrices = overlap.saturating_mul(2).saturating_add(frequencies.saturating_mul(4));
        fresh.claim(side.saturating_mul(side).saturating_mul(matrices))?;
        let stages = match start {
            Start::Haar => Stages::random(period, channels, overlap, fresh.rng)?,
            Start::Identity => Stages::identity(period, channels, overlap)?,
        };
        Ok(Box::new(Self::new(&shape, stages.kernels()?, direction)?))
    }
}
