//! Dense layers, and chains of them.

use pdmap_core::{Chain, FactorOut, Layer, Real, Result};
use pdmap_dense::{BiasKind, Dense, Direction, Group, svd};
use pdmap_layers::diagonal::{Scale, ScaleDirection};
use pdmap_layers::elementwise::{Elementwise, SmoothLeakyRelu};
use rand::Rng;

use super::elementwise::scales;
use super::{Subject, subject};
use crate::{badly_conditioned, normal_rows};

fn dense<F: Real>(features: usize, rng: &mut dyn Rng, group: Group, bias: BiasKind) -> Result<Box<dyn Layer<F>>> {
    let layer = match group {
        Group::Orthonormal => Dense::random(features, group, bias, rng)?,
        Group::General(_) => Dense::new(badly_conditioned(features, 8.0, rng), group, bias)?,
    };
    match bias {
        BiasKind::None => Ok(Box::new(layer)),
        _ => Ok(Box::new(layer.biased(normal_rows(1, features, rng).row(0).to_owned())?)),
    }
}

/// Dense layers and combinators.
pub(super) fn dense_layers<F: Real>() -> Vec<Subject<F>> {
    use Direction::*;
    vec![
        subject!("dense euclidean", |d, rng| dense(d, rng, Group::General(Euclidean), BiasKind::None)),
        subject!("dense relative", |d, rng| dense(d, rng, Group::General(Relative), BiasKind::None)),
        subject!("dense relative-left", |d, rng| dense(d, rng, Group::General(RelativeLeft), BiasKind::None)),
        subject!("dense algebra", |d, rng| dense(d, rng, Group::General(Algebra), BiasKind::None)),
        subject!("dense orthonormal", |d, rng| dense(d, rng, Group::Orthonormal, BiasKind::None)),
        subject!("dense euclidean plain bias", |d, rng| { dense(d, rng, Group::General(Euclidean), BiasKind::Plain) }),
        subject!("dense relative plain bias", |d, rng| dense(d, rng, Group::General(Relative), BiasKind::Plain)),
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
        subject!("dense algebra, preconditioned", |d, rng| {
            let weight = badly_conditioned(d, 8.0, rng);
            Ok(Box::new(Dense::new(weight, Group::General(Algebra), BiasKind::None)?.preconditioned()?))
        }),
        subject!("dense algebra, slow shears", |d, rng| {
            let weight = badly_conditioned(d, 8.0, rng);
            Ok(Box::new(Dense::new(weight, Group::General(Algebra), BiasKind::None)?.with_shears(0.25)?))
        }),
        subject!("dense algebra, preconditioned, slow shears, augmented bias", |d, rng| {
            let weight = badly_conditioned(d, 8.0, rng);
            let layer =
                Dense::new(weight, Group::General(Algebra), BiasKind::Augmented)?.preconditioned()?.with_shears(0.5)?;
            Ok(Box::new(layer.biased(normal_rows(1, d, rng).row(0).to_owned())?))
        }),
        subject!("dense orthonormal, preconditioned", |d, rng| {
            Ok(Box::new(Dense::random(d, Group::Orthonormal, BiasKind::None, rng)?.preconditioned()?))
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
        subject!("factor-out", |d, rng| {
            let keep = d.div_ceil(2);
            let inner = vec![
                dense(keep, rng, Group::General(Relative), BiasKind::Plain)?,
                Box::new(Scale::new(scales(keep, rng), ScaleDirection::Algebra)?) as Box<dyn Layer<F>>,
            ];
            Ok(Box::new(FactorOut::new(d, keep, Chain::new(inner)?)?))
        }),
        subject!("empty chain", |_, _| Ok(Box::new(Chain::new(vec![])?))),
    ]
}
