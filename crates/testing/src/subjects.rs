//! The registry of everything that the laws hold for.

use ndarray::{Array1, Array2};
use pdmap_conv::bank::{Kernels, Stages};
use pdmap_conv::{
    CycledConv, FreeConv, FreeDirection, Geometry, Output, Squeeze, SubbandScale, SubbandShift,
};
use pdmap_core::coupling::{Coupling, CouplingOptions, Split, Transform};
use pdmap_core::diagonal::{Scale, ScaleDirection, Shift};
use pdmap_core::elementwise::{Asinh, Elementwise, LeakyTanh, SmoothLeakyRelu};
use pdmap_core::mixture::LogisticMixture;
use pdmap_core::radial::{Groups, Radial};
use pdmap_core::spline::{Spline, SplineOptions, Tails};
use pdmap_core::{Chain, Fresh, Kept, Layer, Real, Result, Sample, Tensors};
use pdmap_data::preprocess::{Bins, Histogram, Logit, Sigmoid, Standardize, Whitening};
use pdmap_dense::{BiasKind, Dense, Direction, Group, svd};
use rand::{Rng, RngExt};

use crate::{Given, badly_conditioned, normal_rows};

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
    F::of(x.f64() + 1.0_f64.copysign(x.f64()))
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
        *value = F::of(value.f64() + rng.random_range(-0.1..0.1));
    }
    layer.set_tensors(&mut Tensors::from_iter(tensors))?;
    Ok(Box::new(layer))
}

/// A coupling with random weights, under a condition where it wants one. A single number that nothing stands beside has none: the empty chain.
fn coupling<F: Real>(
    features: usize,
    conditions: usize,
    options: CouplingOptions,
    rng: &mut dyn Rng,
) -> Result<Box<dyn Layer<F>>> {
    if features < 2 && options.split != Split::None {
        return Ok(Box::new(Chain::new(vec![])?));
    }
    let options =
        CouplingOptions { hidden: options.hidden.iter().map(|&units| units.min(5)).collect(), ..options };
    let mut layer = Coupling::<F>::new(features, conditions, options.clone(), rng)?;
    let mut tensors = layer.tensors();
    let last = tensors.len().saturating_sub(2);
    for (index, (_, tensor)) in tensors.iter_mut().enumerate() {
        // Of splines the widths stay, so that knots are where differences do not meet them.
        let widths = match options.transform {
            Transform::Spline { bins, .. } if index >= last => {
                tensor.len() * bins / options.transform.parameters()
            }
            _ => 0,
        };
        let spread = if index == last { 0.1 } else { 0.3 };
        for value in tensor.iter_mut().skip(widths) {
            *value = F::of(value.f64() + rng.random_range(-spread..spread));
        }
        // The soft limit of a log-scale has a second derivative that jumps at 0, as a spline's does at a knot.
        if let (Transform::Affine { .. }, true) = (options.transform, index == last + 1) {
            let scales = tensor.len() / 2;
            tensor.iter_mut().take(scales).for_each(|value| *value = F::of(value.f64() + 2.0));
        }
    }
    layer.set_tensors(&mut Tensors::from_iter(tensors))?;
    if conditions == 0 {
        return Ok(Box::new(layer));
    }
    let condition = (0..conditions).map(|_| rng.random_range(-1.0..1.0)).collect();
    Ok(Box::new(Given::new(Box::new(layer), condition)))
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
    let shape = [1, features];
    let mut fresh = Fresh::new(features, rng, &mut sample).shaped(Some(&shape));
    let registry = crate::laws::registry();
    registry.build(&pdmap_core::LayerSpec::new("multiscale", &options), &mut fresh)
}

/// In (0, 1), and not at ½.
fn beside_the_middle<F: Real>(x: F) -> F {
    F::of(0.5 + (0.1 + 0.2 * x.f64().tanh().abs()).copysign(x.f64()))
}

/// Histograms with edges that the rows of the laws do not meet: their density jumps there.
fn histogram<F: Real>(
    features: usize,
    bins: Bins,
    domain: fn(F) -> F,
    rng: &mut dyn Rng,
) -> Result<Box<dyn Layer<F>>> {
    Ok(Box::new(Histogram::fit(normal_rows::<F>(400, features, rng).mapv(domain).view(), bins)?))
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
        subject!("coupling", |d, rng| coupling(d, 0, CouplingOptions::default(), rng)),
        subject!("coupling, swapped, without hidden layers", |d, rng| {
            coupling(d, 0, CouplingOptions { swap: true, hidden: vec![], ..CouplingOptions::default() }, rng)
        }),
        Subject {
            domain: between_knots,
            ..subject!("coupling of splines", |d, rng| {
                let transform = Transform::Spline { bins: 4, bound: 2.0 };
                coupling(d, 0, CouplingOptions { transform, ..CouplingOptions::default() }, rng)
            })
        },
        subject!("coupling of channels", |d, rng| {
            let shape = Some(vec![divisor(d), d / divisor(d)]);
            coupling(
                d,
                0,
                CouplingOptions { split: Split::Channels, shape, ..CouplingOptions::default() },
                rng,
            )
        }),
        subject!("coupling of a checkerboard", |d, rng| {
            let shape = Some(vec![1, divisor(d), d / divisor(d)]);
            let options = CouplingOptions { hidden: vec![6, 5], places: false, ..CouplingOptions::default() };
            coupling(d, 0, CouplingOptions { split: Split::Checkerboard, shape, ..options }, rng)
        }),
        subject!("coupling to a condition", |d, rng| {
            coupling(d, 2, CouplingOptions { split: Split::None, ..CouplingOptions::default() }, rng)
        }),
        subject!("coupling and condition", |d, rng| coupling(d, 2, CouplingOptions::default(), rng)),
        subject!("logistic-mixture", |d, rng| {
            let spread = |v: F| F::of(0.5 * v.f64());
            let means = normal_rows(d, 3, rng);
            let (logits, scales) = (normal_rows(d, 3, rng).mapv(spread), normal_rows(d, 3, rng).mapv(spread));
            Ok(Box::new(LogisticMixture::new(logits, means, scales)?))
        }),
        subject!("squeeze", |d, _| {
            // A length that can be halved, or else a factor that divides it.
            match divisor(d) {
                1 => Ok(Box::new(Chain::new(vec![])?)),
                factor => Ok(Box::new(Squeeze::new(&[1, d], factor)?)),
            }
        }),
        subject!("kept", |d, rng| {
            let keep = d.div_ceil(2);
            let inner = vec![
                dense(keep, rng, Group::General(Relative), BiasKind::Plain)?,
                Box::new(Scale::new(scales(keep, rng), ScaleDirection::Algebra)?) as Box<dyn Layer<F>>,
            ];
            Ok(Box::new(Kept::new(d, keep, Chain::new(inner)?)?))
        }),
        subject!("multiscale", |d, rng| multiscale(d, rng)),
        Subject {
            domain: beside_the_middle,
            ..subject!("histogram by levels", |d, rng| histogram(d, Bins::Levels(2), unit_interval, rng))
        },
        Subject {
            domain: |x| F::of(x.f64() + 6.0_f64.copysign(x.f64())),
            ..subject!("histogram by mass", |d, rng| {
                histogram(d, Bins::Bins(2), |x| F::of(9.0 * x.f64()), rng)
            })
        },
        // Its image is the unit interval, and the laws take rows for outputs too.
        Subject { domain: unit_interval, ..subject!("sigmoid", |_, _| Ok(Box::new(Sigmoid::new(1e-3)?))) },
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
