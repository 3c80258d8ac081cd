//! Isotropic Gaussian noise: its option and its draws.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use super::numerics::log_mean_exp;
use super::settings::{number, require};
use crate::error::DataError;

/// Without noise there is no density, and the time for entropies by quadrature grows like
/// `1 / noise`.
const EXPECTED: &str = "a number from 0.001 to 1000";

/// Parses the option `noise`, a standard deviation.
pub(crate) fn parse(value: &str) -> Result<f64, DataError> {
    number("noise", value, EXPECTED)
}

/// Refuses a standard deviation out of range.
pub(crate) fn check(noise: f64) -> Result<(), DataError> {
    require((1e-3..=1e3).contains(&noise), "noise", noise, EXPECTED)
}

/// The log-density of an equal mixture at a point of the plane, from those of its components.
pub(crate) fn log_density<const N: usize>(row: &[f64], components: impl Fn(f64, f64) -> [f64; N]) -> f64 {
    match row {
        &[x, y] => log_mean_exp(&components(x, y)),
        _ => f64::NAN,
    }
}

/// Writes `point` plus noise to `row`.
pub(crate) fn blur(point: [f64; 2], noise: f64, rng: &mut ChaCha8Rng, row: &mut [f64]) {
    for (out, at) in row.iter_mut().zip(point) {
        *out = at + noise * rng.sample::<f64, _>(StandardNormal);
    }
}

/// Implements the options of a generator whose only option is its noise.
macro_rules! only_option {
    ($generator:ident, $name:literal, $default:literal) => {
        impl Default for $generator {
            fn default() -> Self {
                Self { noise: $default }
            }
        }

        impl $crate::generate::settings::Options for $generator {
            const NAME: &'static str = $name;
            const KEYS: &'static [&'static str] = &["noise"];

            fn set(&mut self, _: &'static str, value: &str) -> Result<(), $crate::error::DataError> {
                self.noise = $crate::generate::noise::parse(value)?;
                Ok(())
            }

            fn get(&self, _: &'static str) -> String {
                self.noise.to_string()
            }

            fn check(&self) -> Result<(), $crate::error::DataError> {
                $crate::generate::noise::check(self.noise)
            }
        }
    };
}
pub(super) use only_option;
