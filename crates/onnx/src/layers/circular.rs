//! Circular splines of angles.

use pdmap_core::{Layer, Real};
use pdmap_layers::circular::Circular;
use pdmap_layers::spline::Tails;

use super::bins::{Raw, bin_among, bins_of, values_and_log_slopes};
use super::networks::{Outputs, Part, parameters};
use super::transforms::directions;
use super::{failed, tensors, typed};
use crate::error::Result;
use crate::pass::Pass;

/// `f(x) = n + s + S(x − n − s)` of each of the last features, with whole turns `n`, a shift `s` and a
/// spline `S` of `[−½, ½]` whose slopes at both ends are the same.
pub(super) fn circular<F: Real>(layer: &dyn Layer<F>, pass: &mut Pass<'_>) -> Result<()> {
    let own: Circular<F> = typed(layer, pass)?;
    let options = own.options();
    let (bins, angles) = (options.bins, options.angles);
    let first = pass.features - angles;
    let order: Vec<usize> = options.order.positions(angles).into_iter().map(|angle| first + angle).collect();
    let x = pass.x.take(1, order.iter().copied());
    let mut inputs = Vec::new();
    if let Some(value) = pass.condition.filter(|_| layer.conditions() > 0) {
        inputs.push(Part { value, width: layer.conditions() });
    }
    inputs.push(Part { value: directions(x, angles), width: 2 * angles });
    let outputs = Outputs { targets: angles, each: 3 * bins + 1, positions: 1 };
    let network = options.network().map_err(failed(pass))?;
    let raw = parameters(&network, &mut tensors(layer), &inputs, outputs, pass)?;
    // The slope at the last knot is that at the first.
    let slopes = raw.slice(2, 2 * bins, 3 * bins);
    let parts = Raw {
        widths: raw.slice(2, 0, bins),
        heights: raw.slice(2, bins, 2 * bins),
        slopes: slopes.beside(2, &[slopes.slice(2, 0, 1)]),
        tails: Tails::Linear,
    };
    let shift = raw.at(2, 3 * bins);
    let turns = (x - shift + 0.5).floor();
    let rest = x - shift - turns;
    let all = bins_of(&parts, x.like(0.5), bins, 3);
    let (value, log_slopes) = values_and_log_slopes(rest, bin_among(rest, &all, 3));
    pass.replace(&order, turns + shift + value);
    pass.add_log_slopes(log_slopes);
    Ok(())
}
