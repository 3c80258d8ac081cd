//! Isotropic Gaussian noise, and mixtures of what it blurs.

use std::f64::consts::PI;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use super::options::{number, require};
use crate::DataError;

/// Without noise there is no density; entropies by quadrature take time like `1 / noise`.
const EXPECTED: &str = "a number from 0.001 to 1000";

/// The option `noise`, a standard deviation.
pub(crate) fn parse(value: &str) -> Result<f64, DataError> {
    number("noise", value, EXPECTED)
}

/// Refuses a standard deviation out of range.
pub(crate) fn check(noise: f64) -> Result<(), DataError> {
    require((1e-3..=1e3).contains(&noise), "noise", noise, EXPECTED)
}

/// Writes `point` plus noise.
pub(crate) fn blur(point: [f64; 2], noise: f64, rng: &mut ChaCha8Rng, row: &mut [f64]) {
    for (out, at) in row.iter_mut().zip(point) {
        *out = at + noise * rng.sample::<f64, _>(StandardNormal);
    }
}

/// `ln(2 pi noise^2)`: minus the log-density of the noise in the plane at 0.
pub(crate) fn log_norm(noise: f64) -> f64 {
    (2.0 * PI).ln() + 2.0 * noise.ln()
}

/// `ln(mean(exp(logs)))` without overflow; `-inf` where every log is.
pub(crate) fn log_mean_exp(logs: &[f64]) -> f64 {
    let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if largest == f64::NEG_INFINITY {
        return largest;
    }
    let sum: f64 = logs.iter().map(|log| (log - largest).exp()).sum();
    largest + (sum / logs.len() as f64).ln()
}

/// The options of a generator that has no other than its noise.
macro_rules! only_option {
    ($generator:ident, $name:literal, $default:literal) => {
        impl Default for $generator {
            fn default() -> Self {
                Self { noise: $default }
            }
        }

        impl $crate::generate::options::Options for $generator {
            const NAME: &'static str = $name;
            const KEYS: &'static [&'static str] = &["noise"];

            fn set(&mut self, _: &'static str, value: &str) -> Result<(), $crate::DataError> {
                self.noise = $crate::generate::noise::parse(value)?;
                Ok(())
            }

            fn get(&self, _: &'static str) -> String {
                self.noise.to_string()
            }

            fn check(&self) -> Result<(), $crate::DataError> {
                $crate::generate::noise::check(self.noise)
            }
        }
    };
}
pub(super) use only_option;
