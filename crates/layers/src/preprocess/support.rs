//! The map of a column to the real line, from the values that it can have.

use pdmap_core::special::normal::{log_density, log_hazard, log_tail, tail_quantile};
use pdmap_core::{LayerError, Result};
use serde::{Deserialize, Serialize};

use super::domain::Domain;

/// `z = Φ⁻¹(F(x))` with a distribution `F` on the values of a column: uniform on an interval, and
/// Weibull's, `1 − exp(−((x − a)/λ)ᵏ)`, beyond a single bound. `log dz/dx = log F'(x) − log φ(z)`.
/// A density that is finite at a bound, such as the uniform or the exponential one, then has normal
/// tails on the line.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Support {
    /// All numbers, as they are.
    Real,
    /// `[lower, upper]`.
    Interval {
        /// The least value.
        lower: f64,
        /// The largest value.
        upper: f64,
    },
    /// `[lower, ∞)`.
    Above {
        /// The least value.
        lower: f64,
        /// λ.
        scale: f64,
        /// k.
        shape: f64,
    },
    /// `(−∞, upper]`.
    Below {
        /// The largest value.
        upper: f64,
        /// λ.
        scale: f64,
        /// k.
        shape: f64,
    },
    /// `(x − cut)/period − ½`, in turns and brought to `[−½, ½)`.
    Turns {
        /// Where samples start.
        from: f64,
        /// Length of a period.
        period: f64,
    },
    /// `Φ⁻¹((x − cut)/period)`, the fraction brought to `[0, 1)`: a circle that is cut open.
    Cut {
        /// Where samples start.
        from: f64,
        /// Length of a period.
        period: f64,
        /// Where the circle is cut.
        cut: f64,
    },
}

/// Nearer to a bound than this, as a probability under `F`, a density is what it is at this distance:
/// at the bound itself, `z` is infinite.
pub const EDGE: f64 = 1e-6;

/// [`EDGE`] of a circle that is cut, less: rows at the cut differ from others by rounding alone.
pub const CUT: f64 = 1e-9;

/// The largest exponent of a Weibull distribution: `z` has no digits left long before.
const MOST: f64 = 1e300;

/// A code, its slope and the logarithm of that, and the derivative of the logarithm, all in `x`.
/// Beside a bound they are those at the distance of [`EDGE`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Code {
    pub(super) z: f64,
    pub(super) log_slope: f64,
    pub(super) slope: f64,
    pub(super) bend: f64,
}

impl Code {
    fn of(z: f64, log_slope: f64, bend: f64) -> Self {
        Self { z, log_slope, slope: log_slope.exp(), bend }
    }
}

impl Support {
    /// Says that numbers are finite and in order.
    pub(super) fn validate(self) -> Result<()> {
        let positive = |what, value: f64| match value {
            value if value > 0.0 && value.is_finite() => Ok(()),
            value => Err(LayerError::Range { what, value, range: "positive and finite" }),
        };
        self.domain().validate()?;
        match self {
            Self::Above { scale, shape, .. } | Self::Below { scale, shape, .. } => {
                positive("scale of a bounded column", scale)?;
                positive("shape of a bounded column", shape)
            }
            Self::Cut { cut, .. } if !cut.is_finite() => {
                Err(LayerError::Range { what: "cut of a circle", value: cut, range: "finite" })
            }
            _ => Ok(()),
        }
    }

    /// The values.
    pub fn domain(self) -> Domain {
        match self {
            Self::Real => Domain::Real,
            Self::Interval { lower, upper } => Domain::Interval { lower, upper },
            Self::Above { lower, .. } => Domain::Above { lower },
            Self::Below { upper, .. } => Domain::Below { upper },
            Self::Turns { from, period } | Self::Cut { from, period, .. } => Domain::Angle { from, period },
        }
    }

    /// The same with bounds rounded as numbers of the column are.
    pub(super) fn rounded(self, round: impl Fn(f64) -> f64) -> Self {
        match self {
            Self::Interval { lower, upper } => Self::Interval { lower: round(lower), upper: round(upper) },
            Self::Above { lower, scale, shape } => Self::Above { lower: round(lower), scale, shape },
            Self::Below { upper, scale, shape } => Self::Below { upper: round(upper), scale, shape },
            other => other,
        }
    }

    /// The code of a value.
    pub(super) fn code(self, x: f64) -> Code {
        match self {
            Self::Real => Code::of(x, 0.0, 0.0),
            Self::Interval { lower, upper } => {
                let width = upper - lower;
                let (below, above) = ((x - lower) / width, (upper - x) / width);
                if below < above { of_tail(below, width, -1.0, EDGE) } else { of_tail(above, width, 1.0, EDGE) }
            }
            Self::Above { lower, scale, shape } => Weibull { scale, shape }.code(x - lower),
            Self::Below { upper, scale, shape } => {
                let code = Weibull { scale, shape }.code(upper - x);
                Code { z: -code.z, bend: -code.bend, ..code }
            }
            Self::Turns { from, period } => {
                let turns = (x - from) / period - 0.5;
                Code::of(turns - (turns + 0.5).floor(), -period.ln(), 0.0)
            }
            Self::Cut { period, cut, .. } => {
                let turns = (x - cut) / period;
                let turns = turns - turns.floor();
                if turns < 0.5 { of_tail(turns, period, -1.0, CUT) } else { of_tail(1.0 - turns, period, 1.0, CUT) }
            }
        }
    }

    /// The value of a code, and `log dz/dx` there.
    pub(super) fn value(self, z: f64) -> (f64, f64) {
        let tail = |z: f64| log_tail(z.abs()).exp();
        match self {
            Self::Real => (z, 0.0),
            Self::Interval { lower, upper } => {
                let (width, share) = (upper - lower, tail(z));
                let x = if z < 0.0 { lower + width * share } else { upper - width * share };
                (x, of_tail(share, width, 1.0, EDGE).log_slope)
            }
            Self::Above { lower, scale, shape } => {
                let (distance, log_slope) = Weibull { scale, shape }.distance(z);
                (lower + distance, log_slope)
            }
            Self::Below { upper, scale, shape } => {
                let (distance, log_slope) = Weibull { scale, shape }.distance(-z);
                (upper - distance, log_slope)
            }
            Self::Turns { from, period } => {
                (self.domain().nearest(from + period * (z - z.floor() + 0.5)), -period.ln())
            }
            Self::Cut { period, cut, .. } => {
                let share = tail(z);
                let turns = if z < 0.0 { share } else { 1.0 - share };
                (self.domain().nearest(cut + period * turns), of_tail(share, period, 1.0, CUT).log_slope)
            }
        }
    }
}

/// The code of a number with this share of `width` between it and the nearer end; `side` is the sign
/// of the code.
fn of_tail(share: f64, width: f64, side: f64, edge: f64) -> Code {
    let z = side * tail_quantile(share.clamp(edge, 0.5).ln());
    let log_slope = -log_density(z) - width.ln();
    // log dz/dx = −log φ(z) − log width, whose derivative in z is z.
    Code::of(z, log_slope, z * log_slope.exp())
}

/// The distribution of the distance from a single bound.
#[derive(Debug, Clone, Copy)]
struct Weibull {
    scale: f64,
    shape: f64,
}

impl Weibull {
    fn code(self, distance: f64) -> Code {
        let least = -(-EDGE).ln_1p();
        let t = (distance / self.scale).powf(self.shape).min(MOST).max(least);
        let (z, log_slope) = self.at(t);
        // log F' = log k − log λ + (k − 1) log d − dᵏ, with d in scales.
        let distance = distance.max(self.scale * least.powf(1.0 / self.shape));
        let bend = ((self.shape - 1.0) - self.shape * t) / distance + z * log_slope.exp();
        Code::of(z, log_slope, bend)
    }

    fn distance(self, z: f64) -> (f64, f64) {
        let t = if z < 0.0 { -(-log_tail(-z).exp()).ln_1p() } else { -log_tail(z) };
        let least = -(-EDGE).ln_1p();
        (self.scale * t.powf(1.0 / self.shape), self.at(t.max(least)).1)
    }

    /// Code and `log dz/dx` where `((x − a)/λ)ᵏ = t > 0`.
    fn at(self, t: f64) -> (f64, f64) {
        // log F' plus t, which is −log(1 − F).
        let hazard = self.shape.ln() - self.scale.ln() + (1.0 - 1.0 / self.shape) * t.ln();
        if t >= std::f64::consts::LN_2 {
            let z = tail_quantile(-t);
            // Both hazard rates are without the tails, which would cancel far out.
            (z, hazard - log_hazard(z))
        } else {
            let z = -tail_quantile((-(-t).exp_m1()).ln());
            (z, hazard - t - log_density(z))
        }
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)]
mod tests {
    use super::*;

    const ALL: [Support; 7] = [
        Support::Real,
        Support::Interval { lower: -1.0, upper: 4.0 },
        Support::Above { lower: 2.0, scale: 3.0, shape: 0.7 },
        Support::Above { lower: 2.0, scale: 0.2, shape: 1.9 },
        Support::Below { upper: -2.0, scale: 3.0, shape: 1.3 },
        Support::Turns { from: -180.0, period: 360.0 },
        Support::Cut { from: 0.0, period: 360.0, cut: 100.0 },
    ];

    #[test]
    fn values_return_and_slopes_are_those_of_differences() {
        for support in ALL {
            for z in [-3.0, -2.2, -0.45, -0.1, 0.2, 0.4, 1.7, 3.1] {
                let z = if matches!(support, Support::Turns { .. }) { z / 10.0 } else { z };
                let (x, log_slope) = support.value(z);
                assert!(support.domain().holds(x));
                let code = support.code(x);
                assert!(
                    (code.z - z).abs() < 1e-9 && (code.log_slope - log_slope).abs() < 1e-9,
                    "{support:?} {z} {code:?}"
                );
                let step = 1e-5 / code.log_slope.exp();
                let (up, down) = (support.code(x + step), support.code(x - step));
                let slope = (up.z - down.z) / (2.0 * step);
                assert!((slope.ln() - code.log_slope).abs() < 1e-6, "{support:?} {z}: {slope}");
                let bend = (up.log_slope - down.log_slope) / (2.0 * step);
                assert!((bend - code.bend).abs() < 1e-4 * code.slope.max(1.0), "{support:?} {z}: {bend} {code:?}");
            }
        }
    }

    /// A uniform and an exponential density are normal on the line, so that theirs is right
    /// everywhere, at a bound too.
    #[test]
    fn a_bound_has_the_density_beside_it() {
        let density = |support: Support, x: f64| {
            let code = support.code(x);
            // Questions take the logarithm of the slope.
            assert!((code.slope.ln() - code.log_slope).abs() < 1e-12);
            log_density(code.z) + code.log_slope
        };
        let uniform = Support::Interval { lower: 2.0, upper: 6.0 };
        for x in [2.0, 2.0 + 1e-9, 2.1, 4.0, 6.0] {
            assert!((density(uniform, x) + 4.0_f64.ln()).abs() < 1e-12, "{x}");
        }
        let exponential = Support::Above { lower: 1.0, scale: 3.0, shape: 1.0 };
        for x in [1.0, 1.0 + 1e-8, 1.5, 40.0] {
            assert!((density(exponential, x) + 3.0_f64.ln() + (x - 1.0) / 3.0).abs() < 2e-6, "{x}");
        }
        let circle = Support::Cut { from: 0.0, period: 360.0, cut: 90.0 };
        for x in [0.0, 90.0, 90.0 - 1e-12, 359.0, 1000.0] {
            assert!((density(circle, x) + 360.0_f64.ln()).abs() < 1e-12, "{x}");
        }
    }

    #[test]
    fn no_code_leaves_the_values() {
        for support in ALL {
            for z in [-40.0, -9.0, 9.0, 40.0] {
                assert!(support.domain().holds(support.value(z).0) && support.value(z).1.is_finite(), "{support:?}");
            }
        }
    }
}
