//! The integral of a weight times `exp(-h)`, where `h` may be large and its minimum narrow.

use super::legendre::integrate;

/// `h` on an interval, with its slope and a bound on its curvature.
pub(crate) trait Peaked {
    /// `h(t)` and `h'(t)`.
    fn at(&self, t: f64) -> (f64, f64);

    /// An upper bound on `|h''|` in `[t - radius, t + radius]`.
    fn curvature(&self, t: f64, radius: f64) -> f64;

    /// A nonnegative factor of the integrand, smooth on the scale of the whole interval.
    fn weight(&self, t: f64) -> f64;
}

/// A panel is halved if `h` changes by more than this from its middle. The 20 nodes then integrate
/// `exp(-h)` to about `1e-12`.
const CHANGE: f64 = 8.0;

/// Panels where `h` exceeds its minimum by this much are skipped: `exp(-45)` is `3e-20`.
const NEGLIGIBLE: f64 = 45.0;

/// The logarithm of the integral of `weight(t) exp(-h(t))` over `[from, to]`. The relative error of
/// the integral is below `1e-10` if `h` is that accurate (its minimum below about `1e5`).
///
/// Panels are halved until `h` changes by at most [`CHANGE`] in each. By Taylor's formula,
/// `|h(t) - h(m)| <= |h'(m)| r + max|h''| r^2 / 2` within `r` of `m`, so no minimum is missed. If
/// `h` exceeds `4e15` everywhere, the integral changes no digit and the result is minus the minimum
/// of `h`; if `h` overflows, the result is `-inf`.
///
/// `beside` is the logarithm of a term to which the result is added. If every `h` is so far above
/// `-beside` that the sum does not change, the result is `-inf` without further work. Pass `-inf`
/// for the integral itself.
pub(crate) fn log_integral(f: &impl Peaked, (from, to): (f64, f64), beside: f64) -> f64 {
    let whole = 0.5 * (to - from);
    let mut open = vec![(from + whole, whole)];
    let mut panels = Vec::new();
    let mut least = -beside;
    while let Some((middle, radius)) = open.pop() {
        let (value, slope) = f.at(middle);
        let change = slope.abs() * radius + 0.5 * f.curvature(middle, radius) * radius * radius;
        if !(value + change).is_finite() {
            return f64::NEG_INFINITY;
        }
        least = least.min(value);
        let bound = value - change;
        if bound > least + NEGLIGIBLE {
            continue;
        }
        // Changes below the rounding of `h` cannot be resolved.
        if change <= CHANGE.max(f64::EPSILON * value) || radius <= f64::EPSILON * whole {
            panels.push((middle, radius, bound));
        } else {
            // Process the half towards the minimum first.
            let half = (0.5 * radius).copysign(slope);
            open.push((middle + half, half.abs()));
            open.push((middle - half, half.abs()));
        }
    }
    if f64::EPSILON * least > 1.0 {
        return -least;
    }
    let near = panels.iter().filter(|(_, _, bound)| *bound <= least + NEGLIGIBLE);
    let sum: f64 =
        near.map(|&(middle, radius, _)| integrate(middle, radius, |t| f.weight(t) * (least - f.at(t).0).exp())).sum();
    sum.ln() - least
}

#[cfg(test)]
pub(crate) mod oracle {
    /// The logarithm of the integral of `exp(log(t))` over `[from, to]`. A fine grid finds where
    /// the integrand is above `exp(-60)` of its maximum; Simpson's rule with a fixed step does the
    /// rest.
    pub(crate) fn simpson(from: f64, to: f64, log: impl Fn(f64) -> f64) -> f64 {
        let cells = 100_000;
        let t = |k: i32, from: f64, to: f64| from + (to - from) * f64::from(k) / f64::from(cells);
        let logs: Vec<f64> = (0..=cells).map(|k| log(t(k, from, to))).collect();
        let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let near = |&k: &i32| logs[k as usize] > largest - 60.0;
        let first = (0..=cells).find(near).map_or(0, |k| (k - 1).max(0));
        let last = (0..=cells).rfind(near).map_or(cells, |k| (k + 1).min(cells));
        let (from, to) = (t(first, from, to), t(last, from, to));
        let sum: f64 = (0..=cells)
            .map(|k| {
                let factor = if k == 0 || k == cells { 1 } else { 2 + 2 * (k % 2) };
                f64::from(factor) * (log(t(k, from, to)) - largest).exp()
            })
            .sum();
        (sum * (to - from) / f64::from(cells) / 3.0).ln() + largest
    }
}
