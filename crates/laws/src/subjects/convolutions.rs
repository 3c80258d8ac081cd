//! Convolutions, and what their subbands share.

use ndarray::Array2;
use pdmap_conv::{CycledConv, FreeConv, FreeDirection, Geometry, Output, Squeeze, subband_scale, subband_shift};
use pdmap_core::group::haar;
use pdmap_core::{BuildContext, Chain, Layer, LayerSpec, Real, Result, Sample, Shape};
use pdmap_dense::{Direction, Group};
use pdmap_filterbank::{Kernels, Stages};
use pdmap_layers::diagonal::ScaleDirection;
use rand::{Rng, RngExt};

use super::elementwise::scales;
use super::{Subject, divisor, subject};
use crate::{badly_conditioned, normal_rows};

fn periodic(features: usize) -> Geometry {
    Geometry::signal(1, features, divisor(features))
}

/// As many channels as positions, or nearly; one position a block where that leaves the choice.
fn channels(features: usize) -> Geometry {
    let channels = divisor(features);
    Geometry::signal(channels, features / channels, 1)
}

fn image(features: usize) -> Geometry {
    let height = divisor(features);
    let width = features / height;
    Geometry::image(1, (height, width), (height.min(2), width.min(2))).isolated()
}

fn conv<F: Real>(geometry: Geometry, stages: usize, group: Group, rng: &mut dyn Rng) -> Result<Box<dyn Layer<F>>> {
    let matrix = |rng: &mut dyn Rng| -> Array2<F> {
        match group {
            Group::Orthonormal => haar(geometry.side(), rng),
            Group::General(_) => badly_conditioned(geometry.side(), 2.0, rng),
        }
    };
    let stages = (0..stages).map(|_| matrix(rng)).collect();
    Ok(Box::new(CycledConv::new(geometry, stages, group)?))
}

/// Kernels near orthonormal ones.
fn free<F: Real>(features: usize, rng: &mut dyn Rng) -> Result<Box<dyn Layer<F>>> {
    let stages = Stages::random(divisor(features), 1, 2, rng)?;
    let kernels = stages.kernels()?;
    let mut values = kernels.values().to_owned();
    values.iter_mut().for_each(|value| *value += 0.05 * rng.random_range(-1.0..1.0));
    let dim = values.dim();
    let signal = values.into_shape_with_order((dim.1, dim.2, dim.3, dim.5));
    let signal = signal.map_err(|_| pdmap_core::LayerError::NoFeatures)?;
    let kernels = Kernels::signal(signal, kernels.offset()[1])?;
    Ok(Box::new(FreeConv::new(&[1, features], kernels, FreeDirection::Euclidean)?))
}

/// Two levels of a signal, where its length allows that, each with a scale and a shift for each feature.
fn multiscale<F: Real>(features: usize, rng: &mut dyn Rng) -> Result<Box<dyn Layer<F>>> {
    if !features.is_multiple_of(4) {
        return Ok(Box::new(Chain::new(vec![])?));
    }
    let learned = serde_json::json!({ "learned": { "group": "orthonormal", "stages": 2 } });
    let options = serde_json::json!({
        "levels": 2, "step": if features == 4 { "squeeze".into() } else { learned }, "layers": [{ "kind": "scale" }, { "kind": "shift", "options": { "start": 0.3 } }],
    });
    let mut sample = Sample::new(Array2::zeros((0, features)));
    let shape = Shape::Signal([1, features]);
    let mut context = BuildContext::new(features, rng, &mut sample).shaped(Some(shape));
    crate::laws::registry().build(&LayerSpec::new("multiscale", &options), &mut context)
}

/// Convolutions, subbands, squeezes, levels.
pub(super) fn convolutions<F: Real>() -> Vec<Subject<F>> {
    use Direction::*;
    vec![
        subject!("conv orthonormal, isolated", |d, rng| {
            conv(Geometry::signal(1, d, d.min(3)).isolated(), 2, Group::Orthonormal, rng)
        }),
        subject!("conv relative, isolated", |d, rng| {
            conv(Geometry::signal(1, d, d.min(2)).isolated(), 3, Group::General(Relative), rng)
        }),
        subject!("conv orthonormal, periodic", |d, rng| conv(periodic(d), 4, Group::Orthonormal, rng)),
        subject!("conv relative, periodic", |d, rng| conv(periodic(d), 2, Group::General(Relative), rng)),
        subject!("conv euclidean, periodic", |d, rng| { conv(periodic(d), 3, Group::General(Euclidean), rng) }),
        subject!("conv relative-left, subbands", |d, rng| {
            let geometry = periodic(d).with_output(Output::Subbands);
            conv(geometry, 2, Group::General(RelativeLeft), rng)
        }),
        subject!("conv algebra, channels of period 1", |d, rng| { conv(channels(d), 2, Group::General(Algebra), rng) }),
        subject!("conv orthonormal, channels of period 1, isolated", |d, rng| {
            conv(channels(d).isolated(), 4, Group::Orthonormal, rng)
        }),
        subject!("conv relative, image, isolated", |d, rng| { conv(image(d), 2, Group::General(Relative), rng) }),
        subject!("conv orthonormal, image, isolated", |d, rng| conv(image(d), 3, Group::Orthonormal, rng)),
        subject!("subband-scale algebra", |d, rng| {
            let geometry = Geometry::signal(1, d, d.min(3));
            Ok(Box::new(subband_scale(geometry, scales(d.min(3), rng), ScaleDirection::Algebra)?))
        }),
        subject!("subband-scale euclidean, image", |d, rng| {
            let geometry = image(d);
            let scales = scales(geometry.side(), rng);
            Ok(Box::new(subband_scale(geometry, scales, ScaleDirection::Euclidean)?))
        }),
        subject!("subband-scale relative, channels", |d, rng| {
            let geometry = channels(d);
            let scales = scales(geometry.side(), rng);
            Ok(Box::new(subband_scale(geometry, scales, ScaleDirection::Relative)?))
        }),
        subject!("subband-shift", |d, rng| {
            let geometry = Geometry::signal(1, d, d.min(2));
            Ok(Box::new(subband_shift(geometry, normal_rows(1, d.min(2), rng).row(0).to_owned())?))
        }),
        subject!("squeeze", |d, _| {
            // A length that can be halved, or else a factor that divides it.
            match divisor(d) {
                1 => Ok(Box::new(Chain::new(vec![])?)),
                factor => Ok(Box::new(Squeeze::new(&[1, d], factor)?)),
            }
        }),
        subject!("multiscale", |d, rng| multiscale(d, rng)),
        subject!("free-conv", |d, rng| free(d, rng)),
    ]
}
