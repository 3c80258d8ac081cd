//! Elementwise and diagonal layers.

use ndarray::Array1;
use pdmap_core::{Invert, Real};
use pdmap_layers::diagonal::{Scale, ScaleDirection, Shift};
use pdmap_layers::elementwise::{Asinh, Elementwise, LeakyTanh, SmoothLeakyRelu};
use rand::{Rng, RngExt};

use super::{INVERSES, Subject, subject};
use crate::normal_rows;

/// Scales in [0.5, 2).
pub(super) fn scales<F: Real>(features: usize, rng: &mut dyn Rng) -> Array1<F> {
    Array1::from_shape_simple_fn(features, || F::of(rng.random_range(0.5..2.0)))
}

/// Elementwise and diagonal layers.
pub(super) fn elementwise<F: Real>() -> Vec<Subject<F>> {
    vec![
        subject!("smooth-leaky-relu", |_, _| Ok(Box::new(Elementwise::new(SmoothLeakyRelu { alpha: 0.2 })?))),
        subject!("smooth-leaky-relu α=0.01", |_, _| {
            Ok(Box::new(Elementwise::new(SmoothLeakyRelu { alpha: 0.01 })?))
        }),
        subject!("leaky-tanh", |_, _| Ok(Box::new(Elementwise::new(LeakyTanh { a: 1.5, c: 0.3 })?))),
        subject!("asinh", |_, _| Ok(Box::new(Elementwise::new(Asinh {})?))),
        subject!("inverse of leaky-tanh", |_, _| {
            let layer = Elementwise::new(LeakyTanh { a: 1.5, c: 0.3 })?;
            Ok(Box::new(Invert::new(layer, INVERSES[0])))
        }),
        subject!("inverse of smooth-leaky-relu", |_, _| {
            let layer = Elementwise::new(SmoothLeakyRelu { alpha: 0.2 })?;
            Ok(Box::new(Invert::new(layer, INVERSES[1])))
        }),
        subject!("shift", |d, rng| Ok(Box::new(Shift::new(normal_rows(1, d, rng).row(0).to_owned())?))),
        subject!("scale euclidean", |d, rng| { Ok(Box::new(Scale::new(scales(d, rng), ScaleDirection::Euclidean)?)) }),
        subject!("scale relative", |d, rng| Ok(Box::new(Scale::new(scales(d, rng), ScaleDirection::Relative)?))),
        subject!("scale algebra", |d, rng| Ok(Box::new(Scale::new(scales(d, rng), ScaleDirection::Algebra)?))),
    ]
}
