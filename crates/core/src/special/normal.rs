//! Tails of the standard normal distribution, on a log scale so that they do not underflow.

use libm::erfc;
use statrs::function::erf::erfc_inv;

/// `½ log 2π`.
pub const HALF_LOG_2PI: f64 = 0.918_938_533_204_672_8;

/// Beyond this, `erfc` is close to underflow, and its asymptotic series has full precision.
const FAR: f64 = 30.0;

/// Below this probability, the quantile is computed from the logarithm.
const SMALL: f64 = 1e-200;

/// `log φ(z) = −z²/2 − ½ log 2π`.
pub fn log_density(z: f64) -> f64 {
    -0.5 * z * z - HALF_LOG_2PI
}

/// `log P(Z > z)` for `z ≥ 0`.
///
/// Beyond 30 it uses the asymptotic series of Mills' ratio,
/// `φ(z)/z · (1 − 1/z² + 3/z⁴ − 15/z⁶ + …)` (Abramowitz & Stegun 1964, 26.2.12).
pub fn log_tail(z: f64) -> f64 {
    if z < FAR {
        return (0.5 * erfc(z * std::f64::consts::FRAC_1_SQRT_2)).ln();
    }
    log_density(z) - z.ln() + log_mills_series(z)
}

/// `log(1 − 1/z² + 3/z⁴ − 15/z⁶ + …)` for `z ≥ 30`, where the first omitted term is below 1e-17.
fn log_mills_series(z: f64) -> f64 {
    let r = 1.0 / (z * z);
    let sum = [10_395.0, -945.0, 105.0, -15.0, 3.0, -1.0].into_iter().fold(-135_135.0, |sum, term| r * sum + term);
    (r * sum).ln_1p()
}

/// `log φ(z) − log P(Z > z)` for `z ≥ 0`, the log hazard rate. Far out both terms are about
/// `−z²/2`, and their difference would lose all digits; this form keeps them.
pub fn log_hazard(z: f64) -> f64 {
    if z < FAR { log_density(z) - log_tail(z) } else { z.ln() - log_mills_series(z) }
}

/// The `z ≥ 0` with `log P(Z > z) = log_p`, for `log_p ≤ log ½`.
pub fn tail_quantile(log_p: f64) -> f64 {
    let p = log_p.exp();
    // erfc_inv has 10 digits, and far out log P falls like −z²/2, so few Newton steps are needed.
    // The slope is −φ(z)/P(Z > z).
    let (mut z, steps) = if p > SMALL {
        ((std::f64::consts::SQRT_2 * erfc_inv(2.0 * p.min(0.5))).max(0.0), 1)
    } else {
        ((-2.0 * log_p).sqrt(), NEWTON)
    };
    for _ in 0..steps {
        let step = (log_tail(z) - log_p) / log_hazard(z).exp();
        z += step;
        if step.abs() <= f64::EPSILON * z {
            break;
        }
    }
    z.max(0.0)
}

/// Newton steps from a rough start: more than needed.
const NEWTON: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    /// `(z, log P(Z > z))` to 17 digits, by arbitrary-precision arithmetic (mpmath:
    /// `log(erfc(z/sqrt(2))/2)`).
    const TAILS: [(f64, f64); 6] = [
        (0.0, -std::f64::consts::LN_2),
        (1.0, -1.841_021_645_009_263_5),
        (5.0, -15.064_998_393_988_726),
        (10.0, -53.231_285_150_512_47),
        (40.0, -804.608_442_013_753_8),
        (1000.0, -500_007.826_694_812_2),
    ];

    #[test]
    fn tails_and_their_quantiles() {
        for (z, log_p) in TAILS {
            assert!((log_tail(z) - log_p).abs() <= 1e-13 * log_p.abs(), "{z}: {}", log_tail(z));
            assert!((tail_quantile(log_p) - z).abs() <= 1e-13 * z.max(1.0), "{z}: {}", tail_quantile(log_p));
        }
        // The direct formula underflows here.
        assert!((0.5 * erfc(40.0 * std::f64::consts::FRAC_1_SQRT_2)).ln().is_infinite());
    }

    #[test]
    fn tails_have_no_end() {
        for z in [1e3, 1e6, 1e10, 1e15, 1e100, 1e150] {
            let back = tail_quantile(log_tail(z));
            assert!((back - z).abs() <= 4.0 * f64::EPSILON * z, "{z}: {back}");
            // φ/P is z (1 + 1/z² − …).
            assert!((log_hazard(z) - z.ln()).abs() <= 1.0 / (z * z) + f64::EPSILON * z.ln(), "{z}");
        }
        // The difference of the logarithms has lost all digits.
        assert!(((log_density(1e15) - log_tail(1e15)) - 1e15_f64.ln()).abs() > 1.0);
        // By arbitrary-precision arithmetic (mpmath): log(npdf(30)/(erfc(30/sqrt(2))/2)).
        assert!((log_hazard(30.0) - 3.402_305_423_138_524_4).abs() < 1e-13, "{}", log_hazard(30.0));
    }

    #[test]
    fn both_ways_meet_where_they_change_over() {
        for step in 0..2000 {
            let z = 25.0 + 0.005 * f64::from(step);
            assert!((tail_quantile(log_tail(z)) - z).abs() <= 1e-12 * z, "{z}");
        }
    }
}
