//! Concentric circles.

use std::f64::consts::PI;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::density::Density;
use super::noise;
use super::numerics::{integrate, log_mean_exp, log_norm, scaled_i0};
use super::settings::{Options, number, require};
use crate::error::DataError;

/// Radius of the outermost circle.
const RADIUS: f64 = 3.0;

/// Distance from a circle covered by the entropy, in units of the noise; the mass outside is below
/// `1e-21`.
const REACH: f64 = 10.0;

/// Equally weighted circles around the origin with radii `3 k / rings`, `k = 1..=rings`, uniform in
/// angle, with Gaussian noise of standard deviation `noise` on both features.
///
/// With `r = |x|`, `s = noise` and radii `R`, `p(x)` is the mean over the circles of
/// `exp(-(r - R)^2 / 2 s^2) g(r R / s^2) / (2 pi s^2)`, where `g(u) = exp(-u) I0(u)` is the scaled
/// Bessel function. The entropy is `-2 pi * integral of r p ln p`, by Gauss-Legendre quadrature
/// (absolute error below `1e-9`).
///
/// Source: with the defaults, the rings of Grathwohl et al., *FFJORD*, 2019, whose angles lie on a
/// grid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rings {
    /// Number of circles, 1 to 64.
    pub rings: u32,
    /// Standard deviation of the noise, 0.001 to 1000.
    pub noise: f64,
}

impl Default for Rings {
    fn default() -> Self {
        Self { rings: 4, noise: 0.08 }
    }
}

const RINGS: &str = "a whole number from 1 to 64";

impl Options for Rings {
    const NAME: &'static str = "rings";
    const KEYS: &'static [&'static str] = &["rings", "noise"];

    fn set(&mut self, key: &'static str, value: &str) -> Result<(), DataError> {
        match key {
            "rings" => self.rings = number(key, value, RINGS)?,
            _ => self.noise = noise::parse(value)?,
        }
        Ok(())
    }

    fn get(&self, key: &'static str) -> String {
        match key {
            "rings" => self.rings.to_string(),
            _ => self.noise.to_string(),
        }
    }

    fn check(&self) -> Result<(), DataError> {
        require((1..=64).contains(&self.rings), "rings", self.rings, RINGS)?;
        noise::check(self.noise)
    }
}

impl Rings {
    fn radius(&self, ring: u32) -> f64 {
        RADIUS * f64::from(ring) / f64::from(self.rings)
    }

    /// `ln p` at distance `r` from the origin.
    fn at(&self, r: f64) -> f64 {
        let variance = self.noise * self.noise;
        let logs: Vec<f64> = (1..=self.rings)
            .map(|ring| self.radius(ring))
            .map(|radius| scaled_i0(r * radius / variance).ln() - (r - radius).powi(2) / (2.0 * variance))
            .collect();
        log_mean_exp(&logs) - log_norm(self.noise)
    }
}

impl Density for Rings {
    fn features(&self) -> usize {
        2
    }

    fn space(&self) -> String {
        format!("points in the plane ({} concentric circles)", self.rings)
    }

    fn entropy(&self) -> f64 {
        let mut sum = 0.0;
        let mut done = 0.0_f64;
        for radius in (1..=self.rings).map(|ring| self.radius(ring)) {
            let from = done.max(radius - REACH * self.noise);
            let to = radius + REACH * self.noise;
            done = to;
            // Panels of one unit of noise, the scale on which the density changes.
            let panels = ((to - from) / self.noise).ceil().max(1.0);
            let half = 0.5 * (to - from) / panels;
            for panel in 0..panels as u32 {
                let middle = from + (2.0 * f64::from(panel) + 1.0) * half;
                sum -= integrate(middle, half, |r| {
                    let log = self.at(r);
                    2.0 * PI * r * log.exp() * log
                });
            }
        }
        sum
    }

    fn draw(&self, rng: &mut ChaCha8Rng, row: &mut [f64]) {
        let radius = self.radius(rng.random_range(1..=self.rings));
        let (sin, cos) = (2.0 * PI * rng.random::<f64>()).sin_cos();
        noise::blur([radius * cos, radius * sin], self.noise, rng, row);
    }

    fn log_density(&self, row: &[f64], _: f64) -> f64 {
        self.at(row.iter().fold(0.0, |length: f64, x| length.hypot(*x)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::numerics::{FINE, plane_entropy};

    /// The radial quadrature against the trapezoid rule in the plane.
    #[test]
    fn the_radial_entropy_matches_the_plane() {
        for rings in [Rings::default(), Rings { rings: 3, noise: 0.5 }, Rings { rings: 1, noise: 20.0 }] {
            let skeleton = (1..=rings.rings).flat_map(|ring| {
                (0..400).map(move |k| {
                    let (sin, cos) = (2.0 * PI * f64::from(k) / 400.0).sin_cos();
                    [rings.radius(ring) * cos, rings.radius(ring) * sin]
                })
            });
            let plane = plane_entropy(rings.noise, FINE, skeleton, |x, y| {
                let log = rings.at(x.hypot(y));
                (log, log)
            });
            let difference = rings.entropy() - plane;
            assert!(difference.abs() < 1e-9, "{rings:?}: {difference:e}");
            // One more ring is wrong and must be rejected.
            let other = Rings { rings: rings.rings + 1, ..rings };
            assert!((other.entropy() - plane).abs() > 1e-5, "{rings:?}");
        }
    }
}
