//! A noisy sine.

use std::f64::consts::PI;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use super::density::Density;
use super::noise;

/// `x` lies in `[-HALF, HALF]`; the sine has the same amplitude.
const HALF: f64 = 2.5;

/// `x` uniform on `[-2.5, 2.5]` and `y = 2.5 sin x + noise z` with standard normal `z`.
///
/// `ln p(x, y) = -ln 5 - ln(2 pi s^2) / 2 - (y - 2.5 sin x)^2 / 2 s^2` with `s = noise` for
/// `|x| <= 2.5`, and `-inf` elsewhere; the entropy is `ln 5 + ln(2 pi e s^2) / 2`.
///
/// Source: the data set `cos` of Grathwohl et al., *FFJORD*, 2019, which has no noise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sine {
    /// Standard deviation of `y` around the sine, 0.001 to 1000.
    pub noise: f64,
}

noise::only_option!(Sine, "sine", 0.1);

impl Density for Sine {
    fn features(&self) -> usize {
        2
    }

    fn space(&self) -> String {
        "points in the plane (y = 2.5 sin x)".to_owned()
    }

    fn entropy(&self) -> f64 {
        (2.0 * HALF).ln() + self.noise.ln() + 0.5 * (1.0 + (2.0 * PI).ln())
    }

    fn draw(&self, rng: &mut ChaCha8Rng, row: &mut [f64]) {
        let x = HALF * (2.0 * rng.random::<f64>() - 1.0);
        let y = HALF * x.sin() + self.noise * rng.sample::<f64, _>(StandardNormal);
        row.copy_from_slice(&[x, y]);
    }

    fn log_density(&self, row: &[f64], _: f64) -> f64 {
        match row {
            &[x, y] if x.abs() <= HALF => 0.5 - self.entropy() - 0.5 * ((y - HALF * x.sin()) / self.noise).powi(2),
            _ => f64::NEG_INFINITY,
        }
    }
}
