//! Maps of numbers whose parameters a network computes.

use pdmap_layers::coupling::Transform;
use pdmap_layers::spline::Tails;

use super::bins::{Raw, bin_among, bins_of, values_and_log_slopes};
use crate::graph::Value;

/// `y` and `log dy/dx` of numbers `[rows, n]` with parameters `[rows, n, P]`.
pub(super) fn apply<'g>(transform: Transform, x: Value<'g>, raw: Value<'g>) -> (Value<'g>, Value<'g>) {
    match transform {
        Transform::Affine { limit } => {
            let s = raw.at(2, 0);
            let s = s / (1.0 + s.abs() / limit);
            (x * s.exp() + raw.at(2, 1), s)
        }
        Transform::Spline { bins, bound } => {
            let parts = Raw {
                widths: raw.slice(2, 0, bins),
                heights: raw.slice(2, bins, 2 * bins),
                slopes: raw.from(2, 2 * bins),
                tails: Tails::Identity,
            };
            let all = bins_of(&parts, x.like(bound), bins, 3);
            values_and_log_slopes(x, bin_among(x, &all, 3))
        }
    }
}

/// `x/√(1 + (x/6)²)`: what a network sees of a feature.
pub(super) fn bounded(x: Value<'_>) -> Value<'_> {
    // Beyond, the bound is attained to the last digit, and the square would overflow.
    let x = x.clamp(-SATURATED, SATURATED);
    x / (1.0 + (x / BOUND).square()).sqrt()
}

const BOUND: f64 = 6.0;
const SATURATED: f64 = 1e10;

/// `cos 2πx` and `sin 2πx` of angles in turns, `[rows, n]`, as pairs `[rows, 2n]`.
pub(super) fn directions<'g>(x: Value<'g>, count: usize) -> Value<'g> {
    let turns = x - x.round();
    // Runtimes have no cosine in double precision: cos 2πx = sin 2π(¼ − |x|).
    let [cos, sin] = [0.25 - turns.abs(), turns].map(|turns| (std::f64::consts::TAU * turns).sin().unsqueeze(-1));
    cos.beside(2, &[sin]).reshape(&[0, 2 * count])
}
