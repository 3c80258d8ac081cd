//! Scales and shifts shared by all positions of a subband.

use ndarray::{Array1, Ix1};
use pdmap_core::group::{Free, Positive, ScaleDirection};
use pdmap_core::{BuildContext, Layer, LayerSpec, Real, Registry, Result, Tensors, check};
use pdmap_layers::diagonal::Diagonal;
use serde::Deserialize;

use super::bands::{BandOptions, Bands, one};
use super::geometry::Geometry;
use super::options::{one_or_more, shaped};

/// `y = s_band ∘ x` with one `s > 0` per subband; see [`subband_scale`].
pub type SubbandScale<F> = Diagonal<F, Positive<F>, Bands>;

/// `y = x + t_band` with one `t` per subband; see [`subband_shift`].
pub type SubbandShift<F> = Diagonal<F, Free<F, Ix1>, Bands>;

/// `y = s_band ∘ x` with the given scales, `K·C` of them, or all 1.
///
/// Number `(c, i)` of a row `[C, n]` is scaled by `s[(i mod K)·C + c]`, number `(c, y, x)` of
/// `[C, H, W]` by `s[((y mod K_h)·K_w + x mod K_w)·C + c]`; `log|det| = Σ_bands positions·log s`.
/// After an interleaved convolution, use its period; where subbands are channels, use period 1. The
/// directions are those of a scale, with `mean δx` over rows and positions, so that learning rates
/// do not depend on the length of a signal. Only shape and period of the geometry matter.
///
/// # Errors
/// An inconsistent geometry (a length need not be a multiple of the period); another number of
/// scales; a scale that is not positive and finite.
pub fn subband_scale<F: Real>(
    geometry: Geometry,
    scale: impl Into<Option<Array1<F>>>,
    direction: ScaleDirection,
) -> Result<SubbandScale<F>> {
    let bands = Bands::new(geometry)?;
    let scale = scale.into().unwrap_or_else(|| Array1::ones(bands.count()));
    check::features("scale", bands.count(), scale.len())?;
    Ok(Diagonal::of(Positive::new(scale, direction)?.shared(bands.sizes()), bands))
}

/// `y = x + t_band` with the given shifts, `K·C` of them in the order of [`subband_scale`], or all
/// 0: the bias of a convolution. `log|det| = 0`; the direction is `mean δ` over rows and positions.
///
/// # Errors
/// As [`subband_scale`]; NaN and infinities.
pub fn subband_shift<F: Real>(geometry: Geometry, shift: impl Into<Option<Array1<F>>>) -> Result<SubbandShift<F>> {
    let bands = Bands::new(geometry)?;
    let shift = shift.into().unwrap_or_else(|| Array1::zeros(bands.count()));
    check::features("shift", bands.count(), shift.len())?;
    Ok(Diagonal::of(Free::new("shift", shift)?.shared(bands.sizes()), bands))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ScaleOptions {
    shape: Vec<usize>,
    #[serde(default = "one", deserialize_with = "one_or_more")]
    period: Vec<usize>,
    #[serde(default)]
    direction: ScaleDirection,
}

/// Options of a new shift; a saved one has no `start`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewShift {
    shape: Vec<usize>,
    #[serde(default = "one", deserialize_with = "one_or_more")]
    period: Vec<usize>,
    /// Initial value of every entry.
    #[serde(default)]
    start: f64,
}

fn restore_scale<F: Real>(spec: &LayerSpec, tensors: &mut Tensors<F>) -> Result<SubbandScale<F>> {
    let ScaleOptions { shape, period, direction } = spec.parse()?;
    let geometry = Geometry::of_lists(&shape, &period)?;
    let scale = tensors.vector("scale", Some(Bands::new(geometry)?.count()))?;
    subband_scale(geometry, scale, direction)
}

fn build_scale<F: Real>(spec: &LayerSpec, context: &mut BuildContext<'_, F>) -> Result<SubbandScale<F>> {
    let ScaleOptions { shape, period, direction } = shaped(spec, context).parse()?;
    let geometry = Geometry::of_lists(&shape, &period)?;
    let layer = subband_scale(geometry, None, direction)?;
    layer.shape(context.features.into())?;
    Ok(layer)
}

fn restore_shift<F: Real>(spec: &LayerSpec, tensors: &mut Tensors<F>) -> Result<SubbandShift<F>> {
    let BandOptions { shape, period } = spec.parse()?;
    let geometry = Geometry::of_lists(&shape, &period)?;
    let shift = tensors.vector("shift", Some(Bands::new(geometry)?.count()))?;
    subband_shift(geometry, shift)
}

fn build_shift<F: Real>(spec: &LayerSpec, context: &mut BuildContext<'_, F>) -> Result<SubbandShift<F>> {
    let NewShift { shape, period, start } = shaped(spec, context).parse()?;
    let geometry = Geometry::of_lists(&shape, &period)?;
    let count = Bands::new(geometry)?.count();
    let layer = subband_shift(geometry, Array1::from_elem(count, F::of(start)))?;
    layer.shape(context.features.into())?;
    Ok(layer)
}

pub(crate) fn register<F: Real>(registry: &mut Registry<F>) {
    registry.insert_built(
        "subband-scale",
        |spec, tensors, _| Ok(Box::new(restore_scale(spec, tensors)?)),
        |spec, context, _| Ok(Box::new(build_scale(spec, context)?)),
    );
    registry.insert_built(
        "subband-shift",
        |spec, tensors, _| Ok(Box::new(restore_shift(spec, tensors)?)),
        |spec, context, _| Ok(Box::new(build_shift(spec, context)?)),
    );
}
