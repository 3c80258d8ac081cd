//! Two interleaved half circles.

use std::f64::consts::PI;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::density::Density;
use super::noise;
use super::numerics::{Peaked, log_integral, log_mean_exp, log_norm, plane_entropy, points};

/// The smallest distance between the two half circles.
const SEPARATION: f64 = 0.5;

/// Two half circles of radius 1 with Gaussian noise. With `t ~ U[0, pi)`, a row is `(cos t, sin t)`
/// or `(1 - cos t, 1/2 - sin t)`, with probability 1/2 each, plus noise of standard deviation
/// `noise` on both features.
///
/// `p(x, y) = (a(x, y) + a(1 - x, 1/2 - y)) / 2` with, in polar coordinates and for `s = noise`,
/// `a = exp(-(r - 1)^2 / 2 s^2) / (2 pi^2 s^2) * integral over t in [0, pi] of exp(-(r / s^2) (1 - cos(t - phi)))`,
/// by Gauss-Legendre quadrature on adaptive panels (relative error below `1e-9` while `r < 300 s`).
/// The entropy is computed by the trapezoid rule in the plane (absolute error below `1e-8`; the
/// cost grows like `1 / noise`, to half a million points for the smallest noise).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moons {
    /// Standard deviation of the noise, 0.001 to 1000. Without noise there is no density.
    pub noise: f64,
}

noise::only_option!(Moons, "moons", 0.1);

/// `h(t) = k (1 - cos(t - phi))`, the part of `|x - c(t)|^2 / 2 s^2` that depends on the angle.
struct ToArc {
    /// `r / s^2`.
    k: f64,
    phi: f64,
}

impl Peaked for ToArc {
    fn at(&self, t: f64) -> (f64, f64) {
        let (sin, cos) = (0.5 * (t - self.phi)).sin_cos();
        (2.0 * self.k * sin * sin, 2.0 * self.k * sin * cos)
    }

    fn curvature(&self, _: f64, _: f64) -> f64 {
        self.k
    }

    fn weight(&self, _: f64) -> f64 {
        1.0 / PI
    }
}

impl Moons {
    /// `ln a(x, y)` of the upper half circle, or `-inf` if it is negligible against a component of
    /// log-density `beside`.
    fn arc_log_density(&self, x: f64, y: f64, beside: f64) -> f64 {
        let (r, variance) = (x.hypot(y), self.noise * self.noise);
        let across = -(r - 1.0).powi(2) / (2.0 * variance) - log_norm(self.noise);
        let along = ToArc { k: r / variance, phi: y.atan2(x) };
        log_integral(&along, (0.0, PI), beside - across) + across
    }

    fn both(&self, x: f64, y: f64) -> [f64; 2] {
        let first = self.arc_log_density(x, y, f64::NEG_INFINITY);
        [first, self.arc_log_density(1.0 - x, 0.5 - y, first)]
    }
}

impl Density for Moons {
    fn features(&self) -> usize {
        2
    }

    fn space(&self) -> String {
        "points in the plane (two half circles)".to_owned()
    }

    fn entropy(&self) -> f64 {
        let samples = (PI / self.noise).ceil();
        let skeleton = (0..=samples as u32).map(|k| {
            let (sin, cos) = (PI * f64::from(k) / samples).sin_cos();
            [cos, sin]
        });
        plane_entropy(self.noise, points(SEPARATION, self.noise), skeleton, |x, y| {
            let both = self.both(x, y);
            (both[0], log_mean_exp(&both))
        })
    }

    fn draw(&self, rng: &mut ChaCha8Rng, row: &mut [f64]) {
        let upper: bool = rng.random();
        let (sin, cos) = (PI * rng.random::<f64>()).sin_cos();
        let point = if upper { [cos, sin] } else { [1.0 - cos, 0.5 - sin] };
        noise::blur(point, self.noise, rng, row);
    }

    fn log_density(&self, row: &[f64], _: f64) -> f64 {
        noise::log_density(row, |x, y| self.both(x, y))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::generate::density::splits;
    use crate::generate::numerics::oracle;
    use crate::protocol::Counts;

    #[test]
    fn both_half_circles_are_present_with_the_requested_noise() {
        let counts = Counts { train: 20_000, validation: 3, test: 4 };
        let noise = 0.01;
        let splits = splits::<f64>(&Moons { noise }, String::new(), counts, 9).unwrap();
        assert_eq!((splits.validation.nrows(), splits.test.nrows()), (3, 4));
        let (mut upper, mut squares) = (0, 0.0);
        for row in splits.train.rows() {
            // Up to the noise, each half circle stays on its side of its centre; whole circles
            // would not.
            let off = |x: f64, y: f64, side: f64| {
                let reached = side * (row[1] - y) > -6.0 * noise;
                let distance = (row[0] - x).hypot(row[1] - y) - 1.0;
                if reached { distance } else { f64::INFINITY }
            };
            let (first, second) = (off(0.0, 0.0, 1.0), off(1.0, 0.5, -1.0));
            let radial = if first.abs() < second.abs() {
                upper += 1;
                first
            } else {
                second
            };
            assert!(radial.abs() < 6.0 * noise, "{row}");
            squares += radial * radial;
        }
        assert!((f64::from(upper) / 20_000.0 - 0.5).abs() < 0.02, "{upper}");
        let deviation = (squares / 20_000.0).sqrt();
        assert!((deviation / noise - 1.0).abs() < 0.05, "{deviation}");
    }

    /// The density of the upper half circle by its definition, with Simpson's rule over `[0, end]`.
    fn simpson(noise: f64, x: f64, y: f64, end: f64) -> f64 {
        let log = |t: f64| {
            let (sin, cos) = t.sin_cos();
            -((x - cos).powi(2) + (y - sin).powi(2)) / (2.0 * noise * noise)
        };
        oracle::simpson(0.0, end, log) - end.ln() - log_norm(noise)
    }

    fn worst(end: f64) -> f64 {
        let mut worst = 0.0_f64;
        for noise in [0.003, 0.03, 0.1, 1.0, 50.0] {
            let far = 100.0 * noise;
            // On the arc, at its ends, at its centre, below it, on the negative axis, far away.
            for (x, y) in [(0.6, 0.8), (1.0, 0.0), (-1.0, -0.2), (0.0, 0.0), (0.1, -0.3), (-0.7, 0.0), (far, far)] {
                let found = Moons { noise }.arc_log_density(x, y, f64::NEG_INFINITY);
                worst = worst.max((found - simpson(noise, x, y, end)).abs());
            }
        }
        worst
    }

    #[test]
    fn the_quadrature_agrees_with_a_fixed_step() {
        let error = worst(PI);
        assert!(error < 1e-9, "{error:e}");
        // A whole circle is wrong and must be rejected.
        assert!(worst(2.0 * PI) > 0.1);
    }

    #[test]
    fn the_entropy_is_independent_of_the_step() {
        for noise in [0.02, 0.064, 0.1, 0.2, 2.0] {
            let moons = Moons { noise };
            let skeleton = (0..=320).map(|k| {
                let (sin, cos) = (PI * f64::from(k) / 320.0).sin_cos();
                [cos, sin]
            });
            let finer = plane_entropy(noise, 20, skeleton, |x, y| {
                let both = moons.both(x, y);
                (both[0], log_mean_exp(&both))
            });
            let difference = moons.entropy() - finer;
            assert!(difference.abs() < 1e-8, "{noise}: {difference:e}");
        }
    }
}
