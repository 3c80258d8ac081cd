//! What a network sees of an angle.

use std::f64::consts::TAU;

use pdmap_core::Real;

/// `(cos 2πx, sin 2πx)` of an angle `x` in turns: the same for `x + 1`.
#[inline]
pub(crate) fn seen<F: Real>(x: F) -> [F; 2] {
    let (sin, cos) = (TAU * turn(x.f64())).sin_cos();
    [F::of(cos), F::of(sin)]
}

/// `∂/∂x` by the gradients with respect to what is [seen].
#[inline]
pub(crate) fn unseen<F: Real>(x: F, [by_cos, by_sin]: [F; 2]) -> F {
    let (sin, cos) = (TAU * turn(x.f64())).sin_cos();
    F::of(TAU * (by_sin.f64() * cos - by_cos.f64() * sin))
}

/// The same angle in `[−½, ½]`: sines of large numbers are slow and lose digits.
fn turn(x: f64) -> f64 {
    x - x.round()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_changes_nothing_and_slopes_are_those_of_differences() {
        for x in [-0.5, -0.2, 0.0, 0.1, 0.4999] {
            let [cos, sin] = seen(x);
            assert!((cos - (TAU * x).cos()).abs() + (sin - (TAU * x).sin()).abs() < 1e-15);
            assert!(seen(x + 3.0).iter().zip([cos, sin]).all(|(a, b)| (a - b).abs() < 1e-14));
            let step = 1e-6;
            let by = [0.3, -0.7];
            let along = |x: f64| seen(x).iter().zip(by).map(|(a, b)| a * b).sum::<f64>();
            assert!((unseen(x, by) - (along(x + step) - along(x - step)) / (2.0 * step)).abs() < 1e-8);
        }
    }
}
