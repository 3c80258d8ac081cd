//! Layers that are fitted to data, and those of the unit interval.

use pdmap_core::{Layer, Real, Result};
use pdmap_layers::elementwise::{Elementwise, Sigmoid, logit};
use pdmap_layers::preprocess::{Bins, Domain, Domains, Histogram, Permute, Standardize, Support, Whitening};
use rand::Rng;

use super::{Subject, subject};
use crate::{badly_conditioned, normal_rows};

/// In (0, 1), and not at ½.
fn beside_the_middle<F: Real>(x: F) -> F {
    F::of(0.5 + (0.1 + 0.2 * x.f64().tanh().abs()).copysign(x.f64()))
}

/// Histograms whose edges the rows of the laws do not meet: the density jumps there.
fn histogram<F: Real>(features: usize, bins: Bins, domain: fn(F) -> F, rng: &mut dyn Rng) -> Result<Box<dyn Layer<F>>> {
    Ok(Box::new(Histogram::fit(normal_rows::<F>(400, features, rng).mapv(domain).view(), bins)?))
}

fn unit_interval<F: Real>(x: F) -> F {
    F::of(0.5 + 0.3 * x.f64().tanh())
}

/// Every kind of bounds in turn, with rows of the laws inside; circles cut open or not.
fn domains<F: Real>(features: usize, line: bool, rng: &mut dyn Rng) -> Result<Box<dyn Layer<F>>> {
    let all = [
        Domain::Interval { lower: -3.0, upper: 7.0 },
        Domain::Angle { from: -4.0, period: 8.0 },
        Domain::Above { lower: -2.5 },
        Domain::Below { upper: 4.0 },
        Domain::Real,
    ];
    let domains: Vec<Domain> = (0..features).map(|column| all[column % all.len()]).collect();
    let rows = normal_rows::<F>(60, features, rng).mapv(middle);
    let fitted = Domains::fit(rows.view(), &domains, line)?;
    // A circle is cut away from the rows of the laws.
    let apart = |support: &Support| match *support {
        Support::Cut { from, period, .. } => Support::Cut { from, period, cut: 3.5 },
        other => other,
    };
    Ok(Box::new(Domains::new::<F>(fitted.columns().iter().map(apart).collect())?))
}

/// In (−2, 2).
fn middle<F: Real>(x: F) -> F {
    F::of(2.0 * x.f64().tanh())
}

/// Preprocessing.
pub(super) fn fitted<F: Real>() -> Vec<Subject<F>> {
    vec![
        Subject {
            domain: beside_the_middle,
            ..subject!("histogram by levels", |d, rng| histogram(d, Bins::Levels(2), unit_interval, rng))
        },
        Subject {
            domain: |x| F::of(x.f64() + 6.0_f64.copysign(x.f64())),
            ..subject!("histogram by mass", |d, rng| { histogram(d, Bins::Bins(2), |x| F::of(9.0 * x.f64()), rng) })
        },
        // Its image is the unit interval, and the laws use rows as outputs too.
        Subject {
            domain: unit_interval,
            ..subject!("sigmoid", |_, _| Ok(Box::new(Elementwise::new(Sigmoid { lambda: 1e-3 })?)))
        },
        // (0.2, 0.8): inside the interval by more than a central difference's step.
        Subject { domain: unit_interval, ..subject!("logit", |_, _| Ok(Box::new(logit(1e-3)?))) },
        // The laws use rows as outputs too: turns are less than half.
        Subject {
            domain: |x| F::of(0.4 * x.f64().tanh()),
            ..subject!("domain, circles in turns", |d, rng| domains(d, false, rng))
        },
        Subject { domain: middle, ..subject!("domain, circles cut open", |d, rng| domains(d, true, rng)) },
        subject!("permute", |d, _| Ok(Box::new(Permute::new((0..d).map(|column| (column + 1) % d).collect())?))),
        subject!("standardize", |d, rng| {
            Ok(Box::new(Standardize::fit(normal_rows::<F>(50, d, rng).mapv(|v| F::of(3.0 * v.f64())).view())?))
        }),
        subject!("whitening", |d, rng| {
            let mixing = badly_conditioned::<F>(d, 6.0, rng);
            Ok(Box::new(Whitening::fit(normal_rows::<F>(60, d, rng).dot(&mixing).view())?))
        }),
    ]
}
