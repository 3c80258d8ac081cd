//! Eight Gaussians on a circle.

use std::f64::consts::FRAC_PI_4;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::density::Density;
use super::noise;
use super::numerics::{FINE, log_mean_exp, log_norm, plane_entropy};

/// Distance of the centres from the origin.
const RADIUS: f64 = 4.0;

/// Number of centres.
const CENTRES: u32 = 8;

/// Eight equally weighted Gaussians of standard deviation `noise`, centred at distance 4 from the
/// origin at multiples of 45 degrees.
///
/// `ln p(x) = ln(mean over centres c of exp(-|x - c|^2 / 2 s^2)) - ln(2 pi s^2)` with `s = noise`.
/// The entropy is computed by the trapezoid rule in the plane (absolute error below `1e-8`); for
/// well-separated Gaussians it approaches `ln 8 + ln(2 pi e s^2)`.
///
/// Source: Grathwohl et al., *FFJORD*, 2019. They divide both features by 1.414, so their
/// log-densities are `2 ln 1.414 = 0.693` higher.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gaussians {
    /// Standard deviation of each feature around its centre, 0.001 to 1000.
    pub noise: f64,
}

noise::only_option!(Gaussians, "8gaussians", 0.5);

fn centre(k: u32) -> [f64; 2] {
    let (sin, cos) = (FRAC_PI_4 * f64::from(k)).sin_cos();
    [RADIUS * cos, RADIUS * sin]
}

impl Gaussians {
    /// The log-density of each of the eight Gaussians.
    fn components(&self, x: f64, y: f64) -> [f64; CENTRES as usize] {
        std::array::from_fn(|k| {
            let [cx, cy] = centre(k as u32);
            let square = (x - cx).powi(2) + (y - cy).powi(2);
            -square / (2.0 * self.noise * self.noise) - log_norm(self.noise)
        })
    }
}

impl Density for Gaussians {
    fn features(&self) -> usize {
        2
    }

    fn space(&self) -> String {
        "points in the plane (eight Gaussians on a circle of radius 4)".to_owned()
    }

    fn entropy(&self) -> f64 {
        plane_entropy(self.noise, FINE, [centre(0)].into_iter(), |x, y| {
            let components = self.components(x, y);
            (components[0], log_mean_exp(&components))
        })
    }

    fn draw(&self, rng: &mut ChaCha8Rng, row: &mut [f64]) {
        let centre = centre(rng.random_range(0..CENTRES));
        noise::blur(centre, self.noise, rng, row);
    }

    fn log_density(&self, row: &[f64], _: f64) -> f64 {
        noise::log_density(row, |x, y| self.components(x, y))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entropy_is_independent_of_the_step_and_has_its_limits() {
        let entropy = |noise| Gaussians { noise }.entropy();
        for noise in [0.2, 0.3, 0.5, 0.8, 2.0] {
            let gaussians = Gaussians { noise };
            let finer = plane_entropy(noise, 4 * FINE, [centre(0)].into_iter(), |x, y| {
                let components = gaussians.components(x, y);
                (components[0], log_mean_exp(&components))
            });
            let difference = gaussians.entropy() - finer;
            assert!(difference.abs() < 1e-8, "{noise}: {difference:e}");
        }
        // Far apart, the row determines its centre; close together, they form one Gaussian whose
        // variance is larger by half of 4^2.
        let apart = 8f64.ln() + 1.0 + log_norm(0.01);
        assert!((entropy(0.01) - apart).abs() < 1e-11, "{}", entropy(0.01));
        let one = 1.0 + log_norm((1e6_f64 + 8.0).sqrt());
        assert!((entropy(1000.0) - one).abs() < 1e-8, "{}", entropy(1000.0));
        // One centre fewer is wrong and must be rejected.
        assert!((entropy(0.01) - (apart + (7.0_f64 / 8.0).ln())).abs() > 0.1);
    }
}
