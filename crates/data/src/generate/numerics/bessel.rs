//! The modified Bessel function of the first kind and order 0.

use std::f64::consts::PI;

/// Above this, the asymptotic series is accurate to the last bit: its smallest term is about
/// `exp(-2 x)`.
const ASYMPTOTIC: f64 = 25.0;

/// `exp(-x) I0(x)` for `x >= 0`, between 0 and 1 and decreasing; relative error below `5e-14`.
///
/// `I0(x) = sum (x^2 / 4)^k / (k!)^2` up to 25, and
/// `exp(-x) I0(x) ~ (2 pi x)^(-1/2) sum ((2k - 1)!!)^2 / (k! (8x)^k)` above: Abramowitz & Stegun,
/// *Handbook of Mathematical Functions*, 9.6.12 and 9.7.1. All terms of both series are positive.
pub(crate) fn scaled_i0(x: f64) -> f64 {
    let (mut term, mut sum, mut k) = (1.0, 1.0, 0.0);
    while term > f64::EPSILON / 8.0 * sum {
        k += 1.0;
        term *= if x < ASYMPTOTIC { (0.5 * x / k).powi(2) } else { (2.0 * k - 1.0).powi(2) / (8.0 * k * x) };
        sum += term;
    }
    if x < ASYMPTOTIC { (-x).exp() * sum } else { sum / (2.0 * PI * x).sqrt() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `exp(-x) I0(x) = (1 / 2 pi) * integral of exp(x (cos t - 1))` over a period, where the
    /// trapezoid rule converges like `exp(-n)`.
    fn integral(x: f64, order: i32) -> f64 {
        let cells = 4000;
        let sum: f64 = (0..cells)
            .map(|cell| 2.0 * PI * f64::from(cell) / f64::from(cells))
            .map(|t| (-2.0 * x * (0.5 * t).sin().powi(2)).exp() * (f64::from(order) * t).cos())
            .sum();
        sum / f64::from(cells)
    }

    fn worst(order: i32) -> f64 {
        let mut worst = 0.0_f64;
        for k in 0..400 {
            // 0, then 1e-4 to 1e5, denser around the change of series.
            let x = if k < 200 { 0.25 * f64::from(k) } else { 10f64.powf(-4.0 + 0.045 * f64::from(k - 200)) };
            worst = worst.max((scaled_i0(x) / integral(x, order) - 1.0).abs());
        }
        worst
    }

    #[test]
    fn both_series_agree_with_the_integral() {
        let error = worst(0);
        assert!(error < 5e-14, "{error:e}");
        // Order 1 is a wrong formula that the test must reject.
        assert!(worst(1) > 0.1);
    }

    #[test]
    fn values_match_tables_and_limits() {
        // Abramowitz & Stegun, table 9.8: exp(-x) I0(x).
        for (x, expected) in [(0.0, 1.0), (1.0, 0.465_759_607_6), (5.0, 0.183_540_812_6), (10.0, 0.127_833_337_2)] {
            assert!((scaled_i0(x) - expected).abs() < 1e-10, "{x}: {}", scaled_i0(x));
        }
        assert_eq!(scaled_i0(f64::INFINITY), 0.0);
        let far = 1e300;
        assert!((scaled_i0(far) * (2.0 * PI * far).sqrt() - 1.0).abs() < 1e-14);
    }
}
