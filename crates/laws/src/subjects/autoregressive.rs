//! Autoregressive layers.

use pdmap_core::contract::{ModuleParameters, Reads, Rule};
use pdmap_core::optim::Optimizer;
use pdmap_core::{Layer, Parametric, ParametricExt, Real, Result};
use pdmap_layers::autoregressive::{Autoregressive, AutoregressiveOptions, Order};
use pdmap_layers::coupling::Transform;
use rand::{Rng, RngExt};
use serde_json::json;

use super::expressive::between_knots;
use super::{Subject, subject};

/// A layer with random weights: a new one after a step along random gradients, which leaves masked
/// weights at 0. Hidden layers have 7 units if the options say nothing.
///
/// # Errors
/// Those of the layer.
pub fn random_autoregressive<F: Real>(
    features: usize,
    conditions: usize,
    options: AutoregressiveOptions,
    rng: &mut dyn Rng,
) -> Result<Autoregressive<F>> {
    let hidden = options.network.is_none().then(|| options.hidden.clone().unwrap_or_else(|| vec![7]));
    let (options, transform) = (AutoregressiveOptions { hidden, ..options.clone() }, options.transform);
    let mut layer = Autoregressive::<F>::new(features, conditions, options, ModuleParameters::New(rng))?;
    let mut grads = layer.new_grads();
    let last = grads.params.len().saturating_sub(2);
    for (index, grad) in grads.params.iter_mut().enumerate() {
        let sum = grad.flat_mut()?;
        // Widths of splines stay, so that no difference reaches over a knot.
        let widths = match transform {
            Transform::Spline { bins, .. } if index >= last => sum.len() * bins / transform.parameters(),
            _ => 0,
        };
        let spread = if index == last { 0.1 } else { 0.3 };
        sum.iter_mut().skip(widths).for_each(|value| *value = F::of(rng.random_range(-spread..spread)));
        // The second derivative of the soft limit of a log-scale jumps at 0, as that of a spline does at a
        // knot.
        if let (Transform::Affine { .. }, true) = (transform, index == last + 1) {
            let scales = sum.len() / 2;
            sum.iter_mut().take(scales).for_each(|value| *value = F::of(value.f64() + 2.0));
        }
    }
    let mut rule = Optimizer::sgd(1.0)?;
    layer.direct(1, Reads::Entries, &mut grads.params)?;
    Rule::<F>::begin(&mut rule, &mut || Ok(1.0))?;
    layer.update(&mut rule, &mut grads.params)?;
    Ok(layer)
}

fn boxed<F: Real>(
    features: usize,
    conditions: usize,
    options: AutoregressiveOptions,
    rng: &mut dyn Rng,
) -> Result<Box<dyn Layer<F>>> {
    Ok(Box::new(random_autoregressive(features, conditions, options, rng)?))
}

fn usual() -> AutoregressiveOptions {
    AutoregressiveOptions::default()
}

fn splines() -> AutoregressiveOptions {
    AutoregressiveOptions { transform: Transform::Spline { bins: 4, bound: 2.0 }, ..usual() }
}

fn residual() -> AutoregressiveOptions {
    let network = json!({ "kind": "residual", "width": 8, "blocks": 2 });
    AutoregressiveOptions { network: network.as_object().cloned(), ..usual() }
}

/// Both transforms and both networks, with and without a condition.
pub(super) fn autoregressive<F: Real>() -> Vec<Subject<F>> {
    vec![
        subject!("autoregressive", |d, rng| boxed(d, 0, usual(), rng)),
        subject!("autoregressive and condition, reversed, two hidden layers", |d, rng| {
            let options = AutoregressiveOptions { order: Order::Reversed, hidden: Some(vec![9, 5]), ..usual() };
            boxed(d, 2, options, rng)
        }),
        subject!("autoregressive without hidden layers", |d, rng| {
            boxed(d, 1, AutoregressiveOptions { hidden: Some(vec![]), ..usual() }, rng)
        }),
        Subject {
            domain: between_knots,
            ..subject!("autoregressive splines", |d, rng| {
                boxed(d, 0, AutoregressiveOptions { order: Order::Seed(5), ..splines() }, rng)
            })
        },
        Subject {
            domain: between_knots,
            ..subject!("autoregressive splines and condition", |d, rng| boxed(d, 2, splines(), rng))
        },
        subject!("autoregressive with a residual network", |d, rng| {
            boxed(d, 0, AutoregressiveOptions { order: Order::Seed(6), ..residual() }, rng)
        }),
        Subject {
            domain: between_knots,
            ..subject!("autoregressive splines and condition with a residual network", |d, rng| {
                boxed(d, 2, AutoregressiveOptions { transform: splines().transform, ..residual() }, rng)
            })
        },
        subject!("autoregressive and condition beside angles", |d, rng| {
            boxed(d, 2, AutoregressiveOptions { angles: d / 2, ..usual() }, rng)
        }),
        subject!("autoregressive with a residual network beside an angle", |d, rng| {
            boxed(d, 0, AutoregressiveOptions { angles: usize::from(d > 1), order: Order::Reversed, ..residual() }, rng)
        }),
    ]
}
