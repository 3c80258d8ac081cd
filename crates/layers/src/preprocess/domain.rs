//! The values that a column can have.

use std::fmt::{Display, Formatter};

use pdmap_core::{LayerError, Result};
use serde::{Deserialize, Serialize};

/// The values that a column can have. The density of a model is 0 outside.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Domain {
    /// All numbers.
    #[default]
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
    },
    /// `(−∞, upper]`.
    Below {
        /// The largest value.
        upper: f64,
    },
    /// An angle or another periodic number: `x` and `x + period` are the same. Samples are in
    /// `[from, from + period)`.
    Angle {
        /// Where a period starts.
        from: f64,
        /// Its length.
        period: f64,
    },
}

impl Domain {
    /// Says that bounds are in order and a period is positive.
    ///
    /// # Errors
    /// [`LayerError::Range`].
    pub fn validate(self) -> Result<()> {
        let range = |what, value, range| Err(LayerError::Range { what, value, range });
        match self {
            Self::Interval { lower, upper } if !lower.is_finite() || !upper.is_finite() || lower >= upper => {
                range("upper bound", upper, "finite and above the lower bound")
            }
            Self::Above { lower } if !lower.is_finite() => range("lower bound", lower, "finite"),
            Self::Below { upper } if !upper.is_finite() => range("upper bound", upper, "finite"),
            Self::Angle { period, .. } if !(period > 0.0 && period.is_finite()) => {
                range("period", period, "positive and finite")
            }
            Self::Angle { from, .. } if !from.is_finite() => range("start of a period", from, "finite"),
            _ => Ok(()),
        }
    }

    /// Least and largest value; an angle may have any.
    pub fn bounds(self) -> (f64, f64) {
        match self {
            Self::Real | Self::Angle { .. } => (f64::NEG_INFINITY, f64::INFINITY),
            Self::Interval { lower, upper } => (lower, upper),
            Self::Above { lower } => (lower, f64::INFINITY),
            Self::Below { upper } => (f64::NEG_INFINITY, upper),
        }
    }

    /// Whether a number is one of the values. NaN, a missing cell, may be any of them.
    pub fn holds(self, value: f64) -> bool {
        let (lower, upper) = self.bounds();
        value.is_nan() || (lower <= value && value <= upper)
    }

    /// The nearest value; of an angle, the same one in `[from, from + period)`.
    pub fn nearest(self, value: f64) -> f64 {
        match self {
            Self::Angle { from, period } => {
                let own = from + (value - from).rem_euclid(period);
                if own < from + period { own } else { from }
            }
            _ => {
                let (lower, upper) = self.bounds();
                value.max(lower).min(upper)
            }
        }
    }

    /// The domain of a column less a number.
    #[must_use]
    pub fn shifted(self, by: f64) -> Self {
        match self {
            Self::Real => Self::Real,
            Self::Interval { lower, upper } => Self::Interval { lower: lower - by, upper: upper - by },
            Self::Above { lower } => Self::Above { lower: lower - by },
            Self::Below { upper } => Self::Below { upper: upper - by },
            Self::Angle { from, period } => Self::Angle { from: from - by, period },
        }
    }

    /// The domain of values on a grid, `origin` plus multiples of `step`, with noise of half a step
    /// to either side. An angle has room for it.
    #[must_use]
    pub fn around_grid(self, step: f64, origin: f64) -> Self {
        // Rounding must not take a bound that lies on the grid off it.
        let near = 1e-9;
        let least = |bound: f64| origin + step * (((bound - origin) / step - near).ceil() - 0.5);
        let most = |bound: f64| origin + step * (((bound - origin) / step + near).floor() + 0.5);
        match self {
            Self::Interval { lower, upper } => Self::Interval { lower: least(lower), upper: most(upper) },
            Self::Above { lower } => Self::Above { lower: least(lower) },
            Self::Below { upper } => Self::Below { upper: most(upper) },
            Self::Real | Self::Angle { .. } => self,
        }
    }

    /// Whether the numbers are periodic.
    pub fn is_angle(self) -> bool {
        matches!(self, Self::Angle { .. })
    }
}

impl Display for Domain {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Real => f.write_str("all numbers"),
            Self::Interval { lower, upper } => write!(f, "[{lower}, {upper}]"),
            Self::Above { lower } => write!(f, "[{lower}, ∞)"),
            Self::Below { upper } => write!(f, "(−∞, {upper}]"),
            Self::Angle { from, period } => write!(f, "angle in [{from}, {}), period {period}", from + period),
        }
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_in_order_and_hold_their_ends() {
        let interval = |lower, upper| Domain::Interval { lower, upper };
        assert!(interval(0.0, 1.0).validate().is_ok() && interval(1.0, 1.0).validate().is_err());
        assert!(
            interval(f64::NAN, 1.0).validate().is_err() && Domain::Above { lower: f64::INFINITY }.validate().is_err()
        );
        for period in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(Domain::Angle { from: 0.0, period }.validate().is_err());
        }
        assert!(
            interval(0.0, 1.0).holds(0.0) && interval(0.0, 1.0).holds(1.0) && !interval(0.0, 1.0).holds(1.0 + 1e-15)
        );
        assert!(Domain::Above { lower: 2.0 }.holds(2.0) && !Domain::Below { upper: 2.0 }.holds(2.1));
        assert_eq!((interval(0.0, 1.0).nearest(1.5), Domain::Below { upper: 2.0 }.nearest(-7.0)), (1.0, -7.0));
        let angle = Domain::Angle { from: -180.0, period: 360.0 };
        assert_eq!((angle.nearest(190.0), angle.nearest(180.0), angle.nearest(-540.0)), (-170.0, -180.0, -180.0));
        // Just below the start, the remainder rounds to a whole period.
        assert_eq!(angle.nearest(-180.0 - 1e-30), -180.0);
    }

    #[test]
    fn a_grid_has_room_for_noise_and_no_more() {
        let around = |lower, upper| Domain::Interval { lower, upper }.around_grid(1.0, 3.0).bounds();
        assert_eq!((around(0.0, 10.0), around(0.5, 9.7)), ((-0.5, 10.5), (0.5, 9.5)));
        let tenth = Domain::Above { lower: 0.3 }.around_grid(0.1, 4.3).bounds().0;
        assert!((tenth - 0.25).abs() < 1e-12, "{tenth}");
    }
}
