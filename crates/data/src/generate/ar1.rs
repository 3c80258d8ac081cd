//! A stationary Gaussian series.

use std::f64::consts::PI;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use super::density::Density;
use super::settings::{Options, number, require};
use crate::error::DataError;

/// Rows are stretches of a first-order autoregression with marginal variance 1: `x[0] = z[0]` and
/// `x[t] = rho x[t-1] + sqrt(1 - rho^2) z[t]` with standard normal `z`, so
/// `cov(x[s], x[t]) = rho^|s - t|`.
///
/// `ln p(x) = -(x[0]^2 + sum (x[t] - rho x[t-1])^2 / (1 - rho^2) + (n - 1) ln(1 - rho^2) + n ln(2 pi)) / 2`
/// for `n = length`, and the entropy is `n/2 ln(2 pi e) + (n - 1)/2 ln(1 - rho^2)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ar1 {
    /// Correlation of neighbours, between -1 and 1, both excluded.
    pub rho: f64,
    /// Features per row, 1 to 65,536.
    pub length: usize,
}

impl Default for Ar1 {
    fn default() -> Self {
        Self { rho: 0.95, length: 256 }
    }
}

const RHO: &str = "a number between -1 and 1, both excluded";
const LENGTH: &str = "a whole number from 1 to 65536";

impl Options for Ar1 {
    const NAME: &'static str = "ar1";
    const KEYS: &'static [&'static str] = &["rho", "length"];

    fn set(&mut self, key: &'static str, value: &str) -> Result<(), DataError> {
        match key {
            "rho" => self.rho = number(key, value, RHO)?,
            _ => self.length = number("length", value, LENGTH)?,
        }
        Ok(())
    }

    fn get(&self, key: &'static str) -> String {
        match key {
            "rho" => self.rho.to_string(),
            _ => self.length.to_string(),
        }
    }

    fn check(&self) -> Result<(), DataError> {
        require(self.rho.abs() < 1.0, "rho", self.rho, RHO)?;
        require((1..=1 << 16).contains(&self.length), "length", self.length, LENGTH)
    }
}

impl Ar1 {
    /// `1 - rho^2`, without cancellation.
    fn innovation(&self) -> f64 {
        (1.0 - self.rho) * (1.0 + self.rho)
    }

    /// The log-determinant of `2 pi` times the covariance.
    fn log_det(&self) -> f64 {
        let n = self.length as f64;
        n * (2.0 * PI).ln() + (n - 1.0) * self.innovation().ln()
    }
}

impl Density for Ar1 {
    fn features(&self) -> usize {
        self.length
    }

    fn space(&self) -> String {
        format!("stretches of a Gaussian series, correlation {}^|s - t|", self.rho)
    }

    fn entropy(&self) -> f64 {
        0.5 * (self.length as f64 + self.log_det())
    }

    fn draw(&self, rng: &mut ChaCha8Rng, row: &mut [f64]) {
        let scale = self.innovation().sqrt();
        let mut last = None;
        for out in row {
            let z: f64 = rng.sample(StandardNormal);
            *out = last.map_or(z, |last: f64| self.rho * last + scale * z);
            last = Some(*out);
        }
    }

    fn log_density(&self, row: &[f64], _: f64) -> f64 {
        let first: f64 = row.iter().take(1).map(|x| x * x).sum();
        let steps: f64 = row.iter().zip(row.iter().skip(1)).map(|(last, x)| (x - self.rho * last).powi(2)).sum();
        -0.5 * (first + steps / self.innovation() + self.log_det())
    }
}
