//! Splines, radii, couplings and mixtures.

use ndarray::Array2;
use pdmap_core::contract::ModuleParameters;
use pdmap_core::{Chain, Layer, ParametricExt, Real, Result, Tensors};
use pdmap_layers::coupling::{Coupling, CouplingOptions, Split, Transform};
use pdmap_layers::mixture::LogisticMixture;
use pdmap_layers::radial::{Groups, Radial};
use pdmap_layers::spline::{Spline, SplineOptions, Tails};
use rand::{Rng, RngExt};
use serde_json::json;

use super::{Subject, divisor, subject};
use crate::normal_rows;

/// Splines with random heights and slopes, and knots at whole numbers: see [`between_knots`].
fn spline<F: Real>(features: usize, options: SplineOptions, rng: &mut dyn Rng) -> Result<Box<dyn Layer<F>>> {
    let mut normal = |columns: usize| normal_rows::<F>(features, columns, rng).mapv(|v| F::of(0.5 * v.f64()));
    let slopes = if options.tails == Tails::Linear { options.bins + 1 } else { options.bins - 1 };
    let widths = Array2::zeros((features, options.bins));
    Ok(Box::new(Spline::new(options, widths, normal(options.bins), normal(slopes))?))
}

/// At a knot the second derivative jumps, and a central difference across one shows half of the
/// jump. So rows keep away from whole numbers.
pub(super) fn between_knots<F: Real>(x: F) -> F {
    let x = x.f64();
    F::of(x.floor() + 0.2 + 0.6 * (x - x.floor()))
}

/// Near 0 radii bend more than differences can follow.
fn away_from_zero<F: Real>(x: F) -> F {
    F::of(x.f64() + 1.0_f64.copysign(x.f64()))
}

/// Radii through few and wide bins: rows away from 0 do not meet their knots.
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

/// A coupling with random weights; the empty chain where a single number leaves nothing to look at.
fn coupling<F: Real>(
    features: usize,
    conditions: usize,
    options: CouplingOptions,
    rng: &mut dyn Rng,
) -> Result<Box<dyn Layer<F>>> {
    if features < 2 && options.split != Split::None {
        return Ok(Box::new(Chain::new(vec![])?));
    }
    let hidden = options.network.is_none().then(|| options.hidden.clone().unwrap_or_else(|| vec![5]));
    let options = CouplingOptions { hidden, ..options };
    let (registry, transform) = (crate::laws::registry(), options.transform);
    let parameters = ModuleParameters::New(rng);
    let mut layer = Coupling::<F>::new(features, conditions, options, parameters, &registry)?;
    let mut tensors = layer.tensors();
    let last = tensors.len().saturating_sub(2);
    for (index, (_, tensor)) in tensors.iter_mut().enumerate() {
        // Widths of splines stay, so that no difference reaches over a knot.
        let widths = match transform {
            Transform::Spline { bins, .. } if index >= last => tensor.len() * bins / transform.parameters(),
            _ => 0,
        };
        let spread = if index == last { 0.1 } else { 0.3 };
        for value in tensor.iter_mut().skip(widths) {
            *value = F::of(value.f64() + rng.random_range(-spread..spread));
        }
        // The second derivative of the soft limit of a log-scale jumps at 0, as that of a spline does at a
        // knot.
        if let (Transform::Affine { .. }, true) = (transform, index == last + 1) {
            let scales = tensor.len() / 2;
            tensor.iter_mut().take(scales).for_each(|value| *value = F::of(value.f64() + 2.0));
        }
    }
    layer.set_tensors(&mut Tensors::from_iter(tensors))?;
    Ok(Box::new(layer))
}

/// Options of a coupling whose network is a small residual one.
fn residual() -> CouplingOptions {
    let network = json!({ "kind": "residual", "width": 4, "blocks": 2 });
    CouplingOptions { network: network.as_object().cloned(), ..CouplingOptions::default() }
}

/// Splines, radii, couplings and mixtures.
pub(super) fn expressive<F: Real>() -> Vec<Subject<F>> {
    vec![
        Subject { domain: between_knots, ..subject!("spline", |d, rng| spline(d, SplineOptions::default(), rng)) },
        Subject {
            domain: between_knots,
            ..subject!("spline, linear tails, learned bound", |d, rng| {
                let options = SplineOptions { bins: 4, bound: 2.0, learned_bound: true, tails: Tails::Linear };
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
            coupling(d, 0, CouplingOptions { swap: true, hidden: Some(vec![]), ..CouplingOptions::default() }, rng)
        }),
        Subject {
            domain: between_knots,
            ..subject!("coupling of splines", |d, rng| {
                let transform = Transform::Spline { bins: 4, bound: 2.0 };
                coupling(d, 0, CouplingOptions { transform, ..CouplingOptions::default() }, rng)
            })
        },
        subject!("coupling by a digit", |d, rng| {
            coupling(d, 0, CouplingOptions { split: Split::Digit(1), ..CouplingOptions::default() }, rng)
        }),
        subject!("coupling of channels", |d, rng| {
            let shape = Some(vec![divisor(d), d / divisor(d)]);
            coupling(d, 0, CouplingOptions { split: Split::Channels, shape, ..CouplingOptions::default() }, rng)
        }),
        subject!("coupling of a checkerboard", |d, rng| {
            let shape = Some(vec![1, divisor(d), d / divisor(d)]);
            let options =
                CouplingOptions { hidden: Some(vec![5, 5]), position_bias: false, ..CouplingOptions::default() };
            coupling(d, 0, CouplingOptions { split: Split::Checkerboard, shape, ..options }, rng)
        }),
        subject!("coupling to a condition", |d, rng| {
            coupling(d, 2, CouplingOptions { split: Split::None, ..CouplingOptions::default() }, rng)
        }),
        subject!("coupling beside angles", |d, rng| {
            let options = CouplingOptions { angles: d / 2, ..CouplingOptions::default() };
            coupling(d, 0, options, rng)
        }),
        subject!("coupling of one feature to an angle and a condition", |d, rng| {
            let options = CouplingOptions { angles: d - 1, split: Split::Digit(0), ..CouplingOptions::default() };
            coupling(d, 2, options, rng)
        }),
        subject!("coupling and condition", |d, rng| coupling(d, 2, CouplingOptions::default(), rng)),
        subject!("coupling with a residual network", |d, rng| coupling(d, 0, residual(), rng)),
        subject!("coupling of channels and condition with a residual network", |d, rng| {
            let shape = Some(vec![divisor(d), d / divisor(d)]);
            coupling(d, 1, CouplingOptions { split: Split::Channels, shape, ..residual() }, rng)
        }),
        subject!("logistic-mixture", |d, rng| {
            let spread = |v: F| F::of(0.5 * v.f64());
            let means = normal_rows(d, 3, rng);
            let (logits, scales) = (normal_rows(d, 3, rng).mapv(spread), normal_rows(d, 3, rng).mapv(spread));
            Ok(Box::new(LogisticMixture::new(logits, means, scales)?))
        }),
    ]
}
