//! Two spirals, each the other rotated by half a turn.

use std::f64::consts::PI;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::density::Density;
use super::noise;
use super::numerics::{Peaked, log_integral, log_mean_exp, log_norm, plane_entropy, points};

/// The angle at which an arm ends: one and a half turns.
const END: f64 = 3.0 * PI;

/// Distance between neighbouring arms: half the radius that an arm gains per turn.
const SEPARATION: f64 = PI / 3.0;

/// Two spiral arms with Gaussian noise. With `t = 3 pi sqrt(u)` and `u ~ U[0, 1)`, the point is
/// `c(t) = t (-cos t, sin t) / 3` or `-c(t)`, with probability 1/2 each, plus noise of standard
/// deviation `noise` on both features.
///
/// `p(x) = (a(x) + a(-x)) / 2` with
/// `a(x) = integral over [0, 3 pi] of 2 t / (9 pi^2) exp(-|x - c(t)|^2 / 2 s^2) / (2 pi s^2)` and
/// `s = noise`, by Gauss-Legendre quadrature on adaptive panels (relative error below `1e-9` while
/// `|x - c| < 300 s`). The entropy is computed by the trapezoid rule in the plane (absolute error
/// below `1e-8`; the cost grows like `1 / noise`, to two million points for the smallest noise).
///
/// Source: Grathwohl et al., *FFJORD*, 2019, who also shift each point of the first arm by
/// `U[0, 1/6)^2` and those of the other arm in the opposite direction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spirals {
    /// Standard deviation of the noise, 0.001 to 1000.
    pub noise: f64,
}

noise::only_option!(Spirals, "2spirals", 0.1);

fn arm(t: f64) -> [f64; 2] {
    let (sin, cos) = t.sin_cos();
    [-t * cos / 3.0, t * sin / 3.0]
}

/// `h(t) = |x - c(t)|^2 / 2 s^2` and the density of `t`.
struct ToArm {
    x: f64,
    y: f64,
    noise: f64,
}

impl Peaked for ToArm {
    fn at(&self, t: f64) -> (f64, f64) {
        let (sin, cos) = t.sin_cos();
        let dx = (-t * cos / 3.0 - self.x) / self.noise;
        let dy = (t * sin / 3.0 - self.y) / self.noise;
        let slope = (dx * (t * sin - cos) + dy * (t * cos + sin)) / (3.0 * self.noise);
        (0.5 * (dx * dx + dy * dy), slope)
    }

    /// `h'' s^2 = |c'|^2 - (x - c) . c''` with `|c'|^2 = (1 + t^2) / 9` and
    /// `|c''|^2 = (4 + t^2) / 9`.
    fn curvature(&self, t: f64, radius: f64) -> f64 {
        let end = (t + radius) * (t + radius);
        let [cx, cy] = arm(t);
        let speed = (1.0 + end).sqrt() / 3.0;
        let distance = (self.x - cx).hypot(self.y - cy) + speed * radius;
        (speed * speed + distance * (4.0 + end).sqrt() / 3.0) / (self.noise * self.noise)
    }

    fn weight(&self, t: f64) -> f64 {
        2.0 * t / (END * END)
    }
}

impl Spirals {
    /// `ln a(x)`, or `-inf` if it is negligible against a component of log-density `beside`.
    fn arm_log_density(&self, x: f64, y: f64, beside: f64) -> f64 {
        let norm = log_norm(self.noise);
        log_integral(&ToArm { x, y, noise: self.noise }, (0.0, END), beside + norm) - norm
    }

    fn both(&self, x: f64, y: f64) -> [f64; 2] {
        let first = self.arm_log_density(x, y, f64::NEG_INFINITY);
        [first, self.arm_log_density(-x, -y, first)]
    }
}

impl Density for Spirals {
    fn features(&self) -> usize {
        2
    }

    fn space(&self) -> String {
        "points in the plane (two spirals of one and a half turns)".to_owned()
    }

    fn entropy(&self) -> f64 {
        // The arm is about END^2 / 6 long, with speed at most (1 + END) / 3.
        let samples = (END * (1.0 + END) / 6.0 / self.noise).ceil().max(1.0);
        let skeleton = (0..=samples as u32).map(|k| arm(END * f64::from(k) / samples));
        plane_entropy(self.noise, points(SEPARATION, self.noise), skeleton, |x, y| {
            let both = self.both(x, y);
            (both[0], log_mean_exp(&both))
        })
    }

    fn draw(&self, rng: &mut ChaCha8Rng, row: &mut [f64]) {
        let sign = if rng.random() { 1.0 } else { -1.0 };
        let point = arm(END * rng.random::<f64>().sqrt()).map(|at| sign * at);
        noise::blur(point, self.noise, rng, row);
    }

    fn log_density(&self, row: &[f64], _: f64) -> f64 {
        noise::log_density(row, |x, y| self.both(x, y))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::numerics::oracle;

    /// The same integral by Simpson's rule.
    fn simpson(noise: f64, x: f64, y: f64, weight: impl Fn(f64) -> f64) -> f64 {
        let log = |t: f64| {
            let [cx, cy] = arm(t);
            weight(t).ln() - ((x - cx).powi(2) + (y - cy).powi(2)) / (2.0 * noise * noise)
        };
        oracle::simpson(0.0, END, log) - log_norm(noise)
    }

    fn worst(weight: impl Fn(f64) -> f64) -> f64 {
        let mut worst = 0.0_f64;
        for noise in [0.003, 0.03, 0.1, 1.0, 50.0] {
            let [ex, ey] = arm(END);
            // On the arm, near the origin, at a centre of curvature, between arms, past the end,
            // and far away relative to the noise.
            let far = 100.0 * noise;
            for (x, y) in
                [arm(4.0).into(), (0.0, 0.0), (0.01, 0.02), (0.3, 0.1), (1.0, -0.7), (ex + noise, ey), (ex + far, far)]
            {
                let found = Spirals { noise }.arm_log_density(x, y, f64::NEG_INFINITY);
                worst = worst.max((found - simpson(noise, x, y, &weight)).abs());
            }
        }
        worst
    }

    #[test]
    fn the_quadrature_agrees_with_a_fixed_step() {
        let error = worst(|t| 2.0 * t / (END * END));
        // Differences of logarithms are relative errors.
        assert!(error < 1e-9, "{error:e}");
        // Uniform in t is wrong and must be rejected.
        assert!(worst(|_| 1.0 / END) > 0.1);
    }

    #[test]
    fn the_entropy_is_independent_of_the_step() {
        for noise in [0.06, 0.07, 0.1, 0.3, 3.0] {
            let spirals = Spirals { noise };
            let skeleton = (0..=400).map(|k| arm(END * f64::from(k) / 400.0));
            let finer = plane_entropy(noise, 20, skeleton, |x, y| {
                let both = spirals.both(x, y);
                (both[0], log_mean_exp(&both))
            });
            let difference = spirals.entropy() - finer;
            assert!(difference.abs() < 1e-8, "{noise}: {difference:e}");
        }
    }

    #[test]
    fn rows_of_any_magnitude_have_a_density() {
        for x in [1e3, 1e8, 1e12, 1e100, 1e200, f64::MAX] {
            let log = Spirals { noise: 0.001 }.log_density(&[x, -x], 0.0);
            assert!(log < -1e10, "{x}: {log}");
        }
    }
}
