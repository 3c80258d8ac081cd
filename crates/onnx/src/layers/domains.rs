//! Columns with bounds, and angles.

use std::f64::consts::LN_2;

use pdmap_core::{Layer, Real};
use pdmap_layers::preprocess::{CUT, Domains, EDGE, Support};

use super::typed;
use crate::error::Result;
use crate::graph::{Type, Value};
use crate::normal::{log_density, log_hazard, tail_quantile};
use crate::pass::Pass;

/// The largest exponent of a Weibull distribution.
const MOST: f64 = 1e300;

/// `z = Φ⁻¹(F(x))` of each column with bounds; angles become turns. Rows outside have a density of 0.
pub(super) fn domains<F: Real>(layer: &dyn Layer<F>, pass: &mut Pass<'_>) -> Result<()> {
    let own: Domains = typed(layer, pass)?;
    let all = pass.x.cast(Type::Double);
    let (mut codes, mut log_slopes) = (Vec::new(), Vec::new());
    for (column, &support) in own.columns().iter().enumerate() {
        let x = all.slice(1, column, column + 1);
        let (code, log_slope) = of_support(support, x);
        let (least, most) = support.domain().bounds();
        for (bound, is_lower) in [(least, true), (most, false)] {
            if bound.is_finite() {
                let bound = x.like(bound);
                pass.total.exclude(if is_lower { x.less(bound) } else { bound.less(x) });
            }
        }
        codes.push(code);
        log_slopes.extend(log_slope);
    }
    let Some((first, rest)) = codes.split_first() else { return Ok(()) };
    pass.x = first.beside(1, rest).cast(Type::of::<F>());
    if let Some((first, rest)) = log_slopes.split_first() {
        pass.add_log_slopes(first.beside(1, rest));
    }
    Ok(())
}

/// The code of a column, and the logarithm of its slope where that is not 0.
fn of_support(support: Support, x: Value<'_>) -> (Value<'_>, Option<Value<'_>>) {
    let (code, log_slope) = match support {
        Support::Real => return (x, None),
        Support::Interval { lower, upper } => {
            let width = upper - lower;
            of_shares((x - lower) / width, (upper - x) / width, width, EDGE)
        }
        Support::Above { lower, scale, shape } => weibull(x - lower, scale, shape),
        Support::Below { upper, scale, shape } => {
            let (code, log_slope) = weibull(upper - x, scale, shape);
            (-code, log_slope)
        }
        Support::Turns { from, period } => {
            let turns = (x - from) / period - 0.5;
            (turns - (turns + 0.5).floor(), x * 0.0 - period.ln())
        }
        Support::Cut { period, cut, .. } => {
            let turns = (x - cut) / period;
            let turns = turns - turns.floor();
            of_shares(turns, 1.0 - turns, period, CUT)
        }
    };
    (code, Some(log_slope))
}

/// The code of a number with these shares of `width` below and above it.
fn of_shares<'g>(below: Value<'g>, above: Value<'g>, width: f64, edge: f64) -> (Value<'g>, Value<'g>) {
    let z = tail_quantile(below.min(above).clamp(edge, 0.5).ln());
    (below.less(above).select(-z, z), -log_density(z) - width.ln())
}

/// The code of a distance with the distribution `1 − exp(−(d/λ)ᵏ)`.
fn weibull(distance: Value<'_>, scale: f64, shape: f64) -> (Value<'_>, Value<'_>) {
    let least = -(-EDGE).ln_1p();
    let zero = distance.like(0.0);
    let t = (distance.max(zero) / scale).pow(shape).clamp(least, MOST);
    let hazard = shape.ln() - scale.ln() + (1.0 - 1.0 / shape) * t.ln();
    let is_upper = t.like(LN_2).less(t);
    let (log_above, log_below) = (-t, (1.0 - (-t).exp()).ln());
    let (above, below) = (tail_quantile(log_above), tail_quantile(log_below));
    let log_slope = is_upper.select(hazard - log_hazard(above, log_above), hazard - t - log_density(below));
    (is_upper.select(above, -below), log_slope)
}
