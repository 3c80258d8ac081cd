//! The registry of everything that the laws hold for.

use ndarray::Array1;
use pdmap_core::diagonal::{Scale, ScaleDirection, Shift};
use pdmap_core::elementwise::{Asinh, Elementwise, LeakyTanh, SmoothLeakyRelu};
use pdmap_core::{Chain, Layer, Real, Result};
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

fn scales<F: Real>(features: usize, rng: &mut dyn Rng) -> Array1<F> {
    Array1::from_shape_simple_fn(features, || F::of(rng.random_range(0.5..2.0)))
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
        subject!("empty chain", |_, _| Ok(Box::new(Chain::new(vec![])?))),
    ]
}
