//! Gauss-Legendre quadrature.

use std::f64::consts::PI;
use std::sync::LazyLock;

/// Number of nodes; the rule is exact for polynomials up to degree 39.
pub(crate) const NODES: usize = 20;

/// `(node, weight)` on `[-1, 1]`.
static RULE: LazyLock<[(f64, f64); NODES]> = LazyLock::new(rule);

/// The integral of `f` over `[middle - radius, middle + radius]`.
pub(crate) fn integrate(middle: f64, radius: f64, f: impl Fn(f64) -> f64) -> f64 {
    radius * RULE.iter().map(|&(node, weight)| weight * f(middle + radius * node)).sum::<f64>()
}

/// The roots `x` of the Legendre polynomial `P` of degree [`NODES`], found by Newton's method, with
/// the weights `2 / ((1 - x^2) P'(x)^2)`.
fn rule() -> [(f64, f64); NODES] {
    std::array::from_fn(|k| {
        let mut x = (PI * (k as f64 + 0.75) / (NODES as f64 + 0.5)).cos();
        let mut slope = 1.0;
        // Quadratic convergence from three digits: the fifth step changes nothing.
        for _ in 0..5 {
            let value;
            (value, slope) = legendre(x);
            x -= value / slope;
        }
        (x, 2.0 / ((1.0 - x * x) * slope * slope))
    })
}

/// `P(x)` and `P'(x)` by the three-term recurrence.
fn legendre(x: f64) -> (f64, f64) {
    let (mut before, mut value) = (1.0, x);
    for degree in 2..=NODES {
        let n = degree as f64;
        (before, value) = (value, ((2.0 * n - 1.0) * x * value - (n - 1.0) * before) / n);
    }
    (value, NODES as f64 * (x * value - before) / (x * x - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_is_exact_up_to_degree_39_only() {
        let error = |degree: i32| {
            let exact = (3f64.powi(degree + 1) - 1.0) / f64::from(degree + 1);
            (integrate(2.0, 1.0, |x| x.powi(degree)) / exact - 1.0).abs()
        };
        for degree in 0..2 * NODES as i32 {
            assert!(error(degree) < 1e-14, "{degree}: {:e}", error(degree));
        }
        // The square of P is positive, but the rule evaluates it only at its roots.
        let square = |x: f64| legendre(x).0.powi(2);
        assert!(integrate(0.0, 1.0, square) < 1e-25);
        assert!(integrate(0.5, 0.5, square) > 0.01);
    }
}
