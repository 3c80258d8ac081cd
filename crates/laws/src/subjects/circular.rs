//! Circular splines.

use pdmap_core::contract::{ModuleParameters, Reads, Rule};
use pdmap_core::optim::Optimizer;
use pdmap_core::{Layer, Parametric, ParametricExt, Real, Result};
use pdmap_layers::autoregressive::Order;
use pdmap_layers::circular::{Circular, CircularOptions};
use rand::{Rng, RngExt};
use serde_json::json;

use super::{Subject, subject};

/// A layer with random weights: a new one after a step along random gradients, which leaves masked
/// weights at 0. Widths stay, so that the knots of the splines are at whole multiples of `1/bins`.
///
/// # Errors
/// Those of the layer.
pub fn random_circular<F: Real>(
    features: usize,
    conditions: usize,
    options: CircularOptions,
    rng: &mut dyn Rng,
) -> Result<Circular<F>> {
    let hidden = options.network.is_none().then(|| options.hidden.clone().unwrap_or_else(|| vec![7]));
    let (options, bins) = (CircularOptions { hidden, ..options.clone() }, options.bins);
    let mut layer = Circular::<F>::new(features, conditions, options, ModuleParameters::New(rng))?;
    let mut grads = layer.new_grads();
    let last = grads.params.len().saturating_sub(2);
    for (index, grad) in grads.params.iter_mut().enumerate() {
        let sum = grad.flat_mut()?;
        let each = sum.len() / (3 * bins + 1);
        // Neither widths nor shifts, so that no difference reaches over a knot.
        let (from, to) = if index >= last { (each * bins, 3 * bins * each) } else { (0, sum.len()) };
        let spread = if index == last { 0.1 } else { 0.3 };
        sum[from..to].iter_mut().for_each(|value| *value = F::of(rng.random_range(-spread..spread)));
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
    options: CircularOptions,
    rng: &mut dyn Rng,
) -> Result<Box<dyn Layer<F>>> {
    Ok(Box::new(random_circular(features, conditions, options, rng)?))
}

/// Two bins for an angle.
fn options(angles: usize) -> CircularOptions {
    CircularOptions { bins: 2, ..CircularOptions::new(angles) }
}

/// Away from the knots of two bins, which are at multiples of ½: see
/// [`between_knots`](super::expressive::between_knots). A turn is a unit, so rows are of several.
fn between_halves<F: Real>(x: F) -> F {
    let x = 2.0 * x.f64();
    F::of(0.5 * (x.floor() + 0.2 + 0.6 * (x - x.floor())))
}

/// Both networks, with and without a condition and other features.
pub(super) fn circular<F: Real>() -> Vec<Subject<F>> {
    vec![
        Subject { domain: between_halves, ..subject!("circular", |d, rng| boxed(d, 0, options(d), rng)) },
        Subject {
            domain: between_halves,
            ..subject!("circular and condition, reversed, some of the features", |d, rng| {
                boxed(d, 2, CircularOptions { order: Order::Reversed, ..options(d.div_ceil(2)) }, rng)
            })
        },
        Subject {
            domain: between_halves,
            ..subject!("circular with a residual network", |d, rng| {
                let network = json!({ "kind": "residual", "width": 8, "blocks": 1 });
                boxed(d, 0, CircularOptions { network: network.as_object().cloned(), ..options(d.div_ceil(2)) }, rng)
            })
        },
    ]
}
