//! Two interleaved half circles.

use std::f64::consts::PI;

use rand::RngExt;
use rand_distr::StandardNormal;

use super::options::{Options, number, require};
use super::rows::{counts_note, three_parts};
use crate::DataError;
use crate::element::Element;
use crate::protocol::{Counts, DataFacts, Splits};

/// Two half circles of radius 1 with Gaussian noise: with `t ~ U[0, pi)`, a row is
/// `(cos t, sin t)` or `(1 - cos t, 1/2 - sin t)` with probability 1/2 each, plus noise of standard
/// deviation `noise` on both features.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moons {
    /// Standard deviation of the noise, above 0: without noise there is no density.
    pub noise: f64,
}

impl Default for Moons {
    fn default() -> Self {
        Self { noise: 0.1 }
    }
}

const NOISE: &str = "a finite number above 0";

impl Options for Moons {
    const NAME: &'static str = "moons";
    const KEYS: &'static [&'static str] = &["noise"];

    fn set(&mut self, _: &'static str, value: &str) -> Result<(), DataError> {
        self.noise = number("noise", value, NOISE)?;
        Ok(())
    }

    fn check(&self) -> Result<(), DataError> {
        let allowed = self.noise.is_finite() && self.noise > 0.0;
        require(allowed, "noise", self.noise, NOISE)
    }
}

impl Moons {
    pub(crate) fn splits<F: Element>(&self, counts: Counts, seed: u64) -> Result<Splits<F>, DataError> {
        self.check()?;
        let noise = self.noise;
        let [train, validation, test] = three_parts(counts, 2, seed, |rng, row| {
            let upper: bool = rng.random();
            let (sin, cos) = (PI * rng.random::<f64>()).sin_cos();
            let (x, y) = if upper { (cos, sin) } else { (1.0 - cos, 0.5 - sin) };
            row[0] = x + noise * rng.sample::<f64, _>(StandardNormal);
            row[1] = y + noise * rng.sample::<f64, _>(StandardNormal);
        })?;
        Ok(Splits {
            train,
            validation,
            test,
            test_groups: None,
            facts: DataFacts {
                name: Self::NAME.to_owned(),
                space: "the plane of the two half circles: 2 features".to_owned(),
                features: 2,
                pixel_log_det: None,
                true_log_likelihood: None,
                notes: vec![counts_note(counts, seed)],
                image_shape: None,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn both_half_circles_are_there_with_the_noise_asked_for() {
        let counts = Counts { train: 20_000, validation: 3, test: 4 };
        let noise = 0.01;
        let splits = Moons { noise }.splits::<f64>(counts, 9).unwrap();
        assert_eq!((splits.validation.nrows(), splits.test.nrows()), (3, 4));
        let (mut upper, mut squares) = (0, 0.0);
        for row in splits.train.rows() {
            // Each half reaches only to its own side of its centre, up to the noise; the whole
            // circles would cross.
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
}
