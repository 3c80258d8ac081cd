//! The registry of everything that the laws hold for.

use ndarray::{Array1, Array2};
use pdmap_conv::bank::{Kernels, Stages};
use pdmap_conv::{CycledConv, FreeConv, FreeDirection, Geometry, Output, SubbandScale, SubbandShift};
use pdmap_core::diagonal::{Scale, ScaleDirection, Shift};
use pdmap_core::elementwise::{Asinh, Elementwise, LeakyTanh, SmoothLeakyRelu};
use pdmap_core::radial::{Groups, Radial};
use pdmap_core::spline::{Spline, SplineOptions, Tails};
use pdmap_core::{Chain, Layer, Real, Result, Tensors};
use pdmap_data::preprocess::{Logit, Standardize, Whitening};
use pdmap_dense::{BiasKind, Dense, Direction, Group, svd};
use rand::{Rng, RngExt};

use crate::{badly_conditioned, normal_rows};

/// Builds a layer for some number of features (at least 1) with random parameters.
pub type Build<F> = fn(usize, &mut dyn Rng) -> Result<Box<dyn Layer<F>>>;

/// A named constructor of one kind of layer in one configuration.
#[derive(Clone, Copy)]
pub struct Subject<F: Real> {
    /// What the laws report.
    pub name: &'static str,
    /// Builds it.
    pub build: Build<F>,
    /// Rows of its domain, made of standard normal ones.
    pub domain: fn(F) -> F,
}

impl<F: Real> std::fmt::Debug for Subject<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

fn dense<F: Real>(
    features: usize,
    rng: &mut dyn Rng,
    group: Group,
    bias: BiasKind,
) -> Result<Box<dyn Layer<F>>> {
    let layer = match group {
        Group::Orthonormal => Dense::random(features, group, bias, rng)?,
        Group::General(_) => Dense::new(badly_conditioned(features, 8.0, rng), group, bias)?,
    };
    match bias {
        BiasKind::None => Ok(Box::new(layer)),
        _ => Ok(Box::new(layer.biased(normal_rows(1, features, rng).row(0).to_owned())?)),
    }
}

/// The least period above 1 that divides a length.
fn divisor(length: usize) -> usize {
    (2..=length).find(|&period| length.is_multiple_of(period)).unwrap_or(1)
}

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

fn conv<F: Real>(
    geometry: Geometry,
    stages: usize,
    group: Group,
    rng: &mut dyn Rng,
) -> Result<Box<dyn Layer<F>>> {
    let matrix = |rng: &mut dyn Rng| -> Array2<F> {
        match group {
            Group::Orthonormal => pdmap_core::group::haar(geometry.side(), rng),
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

fn scales<F: Real>(features: usize, rng: &mut dyn Rng) -> Array1<F> {
    Array1::from_shape_simple_fn(features, || F::of(rng.random_range(0.5..2.0)))
}

/// Splines with random heights and slopes, and knots at whole numbers: see [`between_knots`].
fn spline<F: Real>(features: usize, options: SplineOptions, rng: &mut dyn Rng) -> Result<Box<dyn Layer<F>>> {
    let mut normal = |columns: usize| normal_rows::<F>(features, columns, rng).mapv(|v| F::of(0.5 * v.f64()));
    let slopes = if options.tails == Tails::Linear { options.bins + 1 } else { options.bins - 1 };
    let widths = Array2::zeros((features, options.bins));
    Ok(Box::new(Spline::new(options, widths, normal(options.bins), normal(slopes))?))
}

/// At a knot the second derivative jumps, and a central difference that reaches over one shows half of that. So numbers keep away from whole ones.
fn between_knots<F: Real>(x: F) -> F {
    let x = x.f64();
    F::of(x.floor() + 0.2 + 0.6 * (x - x.floor()))
}

/// Radii bend most near 0, more than differences can follow.
fn away_from_zero<F: Real>(x: F) -> F {
    F::of(x.f64() + 0.7_f64.copysign(x.f64()))
}

/// Radii through few and wide bins, whose knots rows away from 0 do not meet.
fn radial<F: Real>(
    features: usize,
    groups: Groups,
    shape: Option<&[usize]>,
    rng: &mut dyn Rng,
) -> Result<Box<dyn Layer<F>>> {
    let options = SplineOptions { bins: 3, bound: 6.0, ..SplineOptions::default() };
    let mut layer = Radial::<F>::identity(features, groups, shape, false, options)?;
    let mut tensors = layer.tensors();
    for value in tensors.iter_mut().flat_map(|(_, tensor)| tensor) {
        *value = F::of(value.f64() + rng.random_range(-0.3..0.3));
    }
    layer.set_tensors(&mut Tensors::from_iter(tensors))?;
    Ok(Box::new(layer))
}

fn unit_interval<F: Real>(x: F) -> F {
    F::of(0.5 + 0.3 * x.f64().tanh())
}

/// Every layer of the workspace. A new layer is one more line here.
pub fn subjects<F: Real>() -> Vec<Subject<F>> {
    macro_rules! subject {
        ($name:literal, $build:expr) => {
            Subject { name: $name, build: $build, domain: |x| x }
        };
    }
    use Direction::*;
    vec![
        subject!("smooth-leaky-relu", |_, _| Ok(Box::new(Elementwise::new(SmoothLeakyRelu { alpha: 0.2 })?))),
        subject!("smooth-leaky-relu α=0.01", |_, _| {
            Ok(Box::new(Elementwise::new(SmoothLeakyRelu { alpha: 0.01 })?))
        }),
        subject!("leaky-tanh", |_, _| Ok(Box::new(Elementwise::new(LeakyTanh { a: 1.5, c: 0.3 })?))),
        subject!("asinh", |_, _| Ok(Box::new(Elementwise::new(Asinh {})?))),
        subject!("shift", |d, rng| Ok(Box::new(Shift::new(normal_rows(1, d, rng).row(0).to_owned())?))),
        subject!("scale euclidean", |d, rng| {
            Ok(Box::new(Scale::new(scales(d, rng), ScaleDirection::Euclidean)?))
        }),
        subject!("scale relative", |d, rng| Ok(Box::new(Scale::new(
            scales(d, rng),
            ScaleDirection::Relative
        )?))),
        subject!("scale algebra", |d, rng| Ok(Box::new(Scale::new(
            scales(d, rng),
            ScaleDirection::Algebra
        )?))),
        subject!("dense euclidean", |d, rng| dense(d, rng, Group::General(Euclidean), BiasKind::None)),
        subject!("dense relative", |d, rng| dense(d, rng, Group::General(Relative), BiasKind::None)),
        subject!("dense relative-left", |d, rng| dense(d, rng, Group::General(RelativeLeft), BiasKind::None)),
        subject!("dense algebra", |d, rng| dense(d, rng, Group::General(Algebra), BiasKind::None)),
        subject!("dense orthonormal", |d, rng| dense(d, rng, Group::Orthonormal, BiasKind::None)),
        subject!("dense euclidean plain bias", |d, rng| {
            dense(d, rng, Group::General(Euclidean), BiasKind::Plain)
        }),
        subject!("dense relative plain bias", |d, rng| dense(
            d,
            rng,
            Group::General(Relative),
            BiasKind::Plain
        )),
        subject!("dense relative-left plain bias", |d, rng| {
            dense(d, rng, Group::General(RelativeLeft), BiasKind::Plain)
        }),
        subject!("dense orthonormal plain bias", |d, rng| dense(d, rng, Group::Orthonormal, BiasKind::Plain)),
        subject!("dense relative augmented bias", |d, rng| {
            dense(d, rng, Group::General(Relative), BiasKind::Augmented)
        }),
        subject!("dense algebra augmented bias", |d, rng| {
            dense(d, rng, Group::General(Algebra), BiasKind::Augmented)
        }),
        subject!("dense relative, inverse tracked", |d, rng| {
            let weight = badly_conditioned(d, 8.0, rng);
            Ok(Box::new(Dense::new(weight, Group::General(Relative), BiasKind::None)?.tracking_inverse()))
        }),
        subject!("chain dense-svd", |d, rng| {
            Ok(Box::new(Chain::new(svd(d, BiasKind::Plain, ScaleDirection::Algebra, rng)?)?))
        }),
        subject!("chain of two dense", |d, rng| {
            Ok(Box::new(Chain::new(vec![
                dense(d, rng, Group::General(Relative), BiasKind::Plain)?,
                Box::new(Elementwise::new(SmoothLeakyRelu { alpha: 0.3 })?),
                dense(d, rng, Group::Orthonormal, BiasKind::None)?,
            ])?))
        }),
        subject!("conv orthonormal, isolated", |d, rng| {
            conv(Geometry::signal(1, d, d.min(3)).isolated(), 2, Group::Orthonormal, rng)
        }),
        subject!("conv relative, isolated", |d, rng| {
            conv(Geometry::signal(1, d, d.min(2)).isolated(), 3, Group::General(Relative), rng)
        }),
        subject!("conv orthonormal, periodic", |d, rng| conv(periodic(d), 4, Group::Orthonormal, rng)),
        subject!("conv relative, periodic", |d, rng| conv(periodic(d), 2, Group::General(Relative), rng)),
        subject!("conv euclidean, periodic", |d, rng| {
            conv(periodic(d), 3, Group::General(Euclidean), rng)
        }),
        subject!("conv relative-left, subbands", |d, rng| {
            let geometry = periodic(d).with_output(Output::Subbands);
            conv(geometry, 2, Group::General(RelativeLeft), rng)
        }),
        subject!("conv algebra, channels of period 1", |d, rng| {
            conv(channels(d), 2, Group::General(Algebra), rng)
        }),
        subject!("conv orthonormal, channels of period 1, isolated", |d, rng| {
            conv(channels(d).isolated(), 4, Group::Orthonormal, rng)
        }),
        subject!("conv relative, image, isolated", |d, rng| {
            conv(image(d), 2, Group::General(Relative), rng)
        }),
        subject!("conv orthonormal, image, isolated", |d, rng| conv(image(d), 3, Group::Orthonormal, rng)),
        subject!("subband-scale algebra", |d, rng| {
            let geometry = Geometry::signal(1, d, d.min(3));
            Ok(Box::new(SubbandScale::new(geometry, scales(d.min(3), rng), ScaleDirection::Algebra)?))
        }),
        subject!("subband-scale euclidean, image", |d, rng| {
            let geometry = image(d);
            let scales = scales(geometry.side(), rng);
            Ok(Box::new(SubbandScale::new(geometry, scales, ScaleDirection::Euclidean)?))
        }),
        subject!("subband-scale relative, channels", |d, rng| {
            let geometry = channels(d);
            let scales = scales(geometry.side(), rng);
            Ok(Box::new(SubbandScale::new(geometry, scales, ScaleDirection::Relative)?))
        }),
        subject!("subband-shift", |d, rng| {
            let geometry = Geometry::signal(1, d, d.min(2));
            Ok(Box::new(SubbandShift::new(geometry, normal_rows(1, d.min(2), rng).row(0).to_owned())?))
        }),
        Subject {
            domain: between_knots,
            ..subject!("spline", |d, rng| spline(d, SplineOptions::default(), rng))
        },
        Subject {
            domain: between_knots,
            ..subject!("spline, linear tails, learned bound", |d, rng| {
                let options =
                    SplineOptions { bins: 4, bound: 2.0, learned_bound: true, tails: Tails::Linear };
                spline(d, options, rng)
            })
        },
        Subject { domain: away_from_zero, ..subject!("radial", |d, rng| radial(d, Groups::Row, None, rng)) },
        Subject {
            domain: away_from_zero,
            ..subject!("radial, groups of 2", |d, rng| radial(d, Groups::Size(2), None, rng))
        },
        Subject {
            domain: away_from_zero,
            ..subject!("radial, patches", |d, rng| {
                let height = divisor(d);
                radial(d, Groups::Patches([1, d / height]), Some(&[1, height, d / height]), rng)
            })
        },
        // (0.2, 0.8): inside the interval by more than a central difference's step.
        Subject { domain: unit_interval, ..subject!("logit", |_, _| Ok(Box::new(Logit::new(1e-3)?))) },
        subject!("standardize", |d, rng| {
            Ok(Box::new(Standardize::fit(
                normal_rows::<F>(50, d, rng).mapv(|v| F::of(3.0 * v.f64())).view(),
            )?))
        }),
        subject!("whitening", |d, rng| {
            let mixing = badly_conditioned::<F>(d, 6.0, rng);
            Ok(Box::new(Whitening::fit(normal_rows::<F>(60, d, rng).dot(&mixing).view())?))
        }),
        subject!("free-conv", |d, rng| free(d, rng)),
        subject!("empty chain", |_, _| Ok(Box::new(Chain::new(vec![])?))),
    ]
}
