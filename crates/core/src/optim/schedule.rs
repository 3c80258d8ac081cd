//! Learning-rate schedules.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{LayerError, Result};

/// Shape of a schedule after its warm-up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Shape {
    /// A constant rate.
    #[default]
    Constant,
    /// Half a cosine from the rate down to `end` times the rate.
    Cosine {
        /// Fraction of the rate at the horizon.
        #[serde(default)]
        end: f64,
    },
    /// Linear decay to `end` times the rate.
    Linear {
        /// Fraction of the rate at the horizon.
        #[serde(default)]
        end: f64,
    },
    /// Multiplies the rate by `factor` after each `every`-th part of the horizon (0.25: three
    /// drops).
    Steps {
        /// Factor of each drop.
        factor: f64,
        /// Fraction of the horizon between drops.
        every: f64,
    },
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant => write!(f, "constant"),
            Self::Cosine { end } => write!(f, "cosine to {end}"),
            Self::Linear { end } => write!(f, "linear to {end}"),
            Self::Steps { factor, every } => write!(f, "times {factor} after each {every} of the run"),
        }
    }
}

/// The factor applied to the learning rate at each step of a run with a known horizon.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Steps during which the rate rises linearly from 0.
    #[serde(default)]
    pub warmup: u64,
    /// Shape after the warm-up.
    #[serde(default)]
    pub shape: Shape,
}

impl Schedule {
    /// A constant rate.
    pub fn constant() -> Self {
        Self::default()
    }

    /// Half a cosine down to 0.
    pub fn cosine() -> Self {
        Self { warmup: 0, shape: Shape::Cosine { end: 0.0 } }
    }

    /// Checks that factors are finite and not negative.
    ///
    /// # Errors
    /// [`LayerError::Range`].
    pub fn validate(&self) -> Result<()> {
        let within = |what, value: f64, ok: bool, range| {
            if ok { Ok(()) } else { Err(LayerError::Range { what, value, range }) }
        };
        let factor =
            |what, value: f64| within(what, value, value >= 0.0 && value.is_finite(), "finite and not negative");
        match self.shape {
            Shape::Constant => Ok(()),
            Shape::Cosine { end } | Shape::Linear { end } => factor("end of the schedule", end),
            Shape::Steps { factor: drop, every } => {
                factor("factor of the schedule", drop)?;
                within("every of the schedule", every, every > 0.0 && every <= 1.0, "in (0, 1]")
            }
        }
    }

    /// The factor at `step` (from 0) of a run of `horizon` steps.
    pub fn factor(&self, step: u64, horizon: u64) -> f64 {
        if step < self.warmup {
            return (step as f64 + 1.0) / (self.warmup as f64 + 1.0);
        }
        let span = horizon.saturating_sub(self.warmup).max(1) as f64;
        let t = ((step - self.warmup) as f64 / span).min(1.0);
        match self.shape {
            Shape::Constant => 1.0,
            Shape::Cosine { end } => end + (1.0 - end) * 0.5 * (1.0 + (std::f64::consts::PI * t).cos()),
            Shape::Linear { end } => end + (1.0 - end) * (1.0 - t),
            Shape::Steps { factor, every } => factor.powf((t / every.max(f64::MIN_POSITIVE)).floor()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cosine_starts_at_one_is_half_in_the_middle_and_ends_low() {
        let cosine = Schedule::cosine();
        assert_eq!(cosine.factor(0, 100), 1.0);
        assert!((cosine.factor(50, 100) - 0.5).abs() < 1e-12);
        assert!(cosine.factor(100, 100).abs() < 1e-12);
        assert!(cosine.factor(1_000, 100).abs() < 1e-12);
    }

    #[test]
    fn warmup_rises_from_above_zero_to_one() {
        let schedule = Schedule { warmup: 9, shape: Shape::Linear { end: 0.5 } };
        assert!((schedule.factor(0, 109) - 0.1).abs() < 1e-12);
        assert!((schedule.factor(8, 109) - 0.9).abs() < 1e-12);
        assert_eq!(schedule.factor(9, 109), 1.0);
        assert!((schedule.factor(59, 109) - 0.75).abs() < 1e-12);
        let drops = Schedule { warmup: 0, shape: Shape::Steps { factor: 0.1, every: 0.5 } };
        assert!((drops.factor(75, 100) - 0.1).abs() < 1e-12);
        let endless = Schedule { warmup: u64::MAX, ..Schedule::default() };
        assert!(endless.factor(9, 10) > 0.0);
    }

    #[test]
    fn schedules_that_would_descend_are_refused() {
        let shapes = [
            Shape::Cosine { end: -0.1 },
            Shape::Linear { end: f64::NAN },
            Shape::Steps { factor: -1.0, every: 0.5 },
            Shape::Steps { factor: 0.5, every: 0.0 },
        ];
        for shape in shapes {
            assert!(Schedule { warmup: 0, shape }.validate().is_err(), "{shape}");
        }
        assert!(Schedule::cosine().validate().is_ok());
    }
}
