//! Densities of sources.

/// The family that the density of each source is from. With `s = ±1`,
///
/// ```text
/// −log p(y) = s log cosh y + q y²/2 + c,   ψ(y) = s tanh y + q y,   ψ'(y) = s (1 − tanh² y) + q.
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SourceDensity {
    /// `p(y) = 1/(π cosh y)` for all sources (`s = 1`, `q = 0`): for super-Gaussian ones.
    LogCosh,
    /// `q = 1`, and the sign of each source by its rows: `p ∝ e^{−y²/2}/cosh y` where the source is
    /// super-Gaussian, `p = ½ N(y; −1, 1) + ½ N(y; 1, 1)` where it is sub-Gaussian (Lee, Girolami &
    /// Sejnowski 1999, extended Infomax). The sign is that of `E ψ'(y) E y² − E ψ(y) y` for `ψ =
    /// tanh`, with which the solution is stable.
    #[default]
    Adaptive,
    /// For sources of heavy tails, such as returns of prices: Student's t with 3 degrees of freedom and
    /// variance 1, `p(y) = (2/π) (1 + y²)^{−2}`, `ψ(y) = 4y/(1 + y²)`. Outliers have little influence,
    /// since `ψ` falls off.
    HeavyTailed,
}

/// `log ∫ e^{−y²/2} / cosh y dy`.
const LOG_SUPER: f64 = 0.619_540_461_179_252_4;

impl SourceDensity {
    /// `q`.
    pub(super) fn quadratic(self) -> f64 {
        match self {
            Self::LogCosh | Self::HeavyTailed => 0.0,
            Self::Adaptive => 1.0,
        }
    }

    /// `c` for the sign `s`.
    pub(super) fn constant(self, sign: f64) -> f64 {
        match self {
            Self::LogCosh => std::f64::consts::PI.ln(),
            Self::HeavyTailed => std::f64::consts::FRAC_PI_2.ln(),
            Self::Adaptive if sign > 0.0 => LOG_SUPER,
            Self::Adaptive => 0.5 + 0.5 * (2.0 * std::f64::consts::PI).ln(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `∫ exp(log p)` by the trapezoidal rule, which is exact to rounding for such functions.
    fn integral(density: SourceDensity, sign: f64) -> f64 {
        let step = 1.0 / 64.0;
        let log_p = |y: f64| {
            let log_cosh = y.abs() + (-2.0 * y.abs()).exp().ln_1p() - std::f64::consts::LN_2;
            let energy = if density == SourceDensity::HeavyTailed { 2.0 * (y * y).ln_1p() } else { log_cosh };
            -sign * energy - density.quadratic() * 0.5 * y * y - density.constant(sign)
        };
        (-6400..=6400).map(|k| log_p(f64::from(k) * step).exp() * step).sum()
    }

    #[test]
    fn densities_integrate_to_1() {
        let all = [(SourceDensity::LogCosh, 1.0), (SourceDensity::Adaptive, 1.0), (SourceDensity::Adaptive, -1.0)];
        for (density, sign) in all.into_iter().chain([(SourceDensity::HeavyTailed, 1.0)]) {
            // What is beyond the last point of heavy tails: 2 ∫_100 (2/π) y⁻⁴ dy.
            let beyond = if density == SourceDensity::HeavyTailed { 1e-6 } else { 1e-12 };
            assert!((integral(density, sign) - 1.0).abs() < beyond, "{density:?} {sign}: {}", integral(density, sign));
        }
    }
}
