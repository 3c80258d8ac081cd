//! Independent sources of mean 0 and variance 1.

use std::f64::consts::{LN_2, PI};

use rand::RngExt;
use rand::distr::Open01;
use rand_distr::{Exp1, StandardNormal};

use super::settings::nearest;
use crate::error::DataError;

/// The density of one source; each has mean 0 and variance 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// `exp(-sqrt(2) |s|) / sqrt(2)`.
    Laplace,
    /// `sech^2(s / 2c) / 4c` with `c = sqrt(3) / pi`.
    Logistic,
    /// `1 / (2 sqrt 3)` on `[-sqrt 3, sqrt 3]`.
    Uniform,
    /// Student's t with 5 degrees of freedom, scaled by `sqrt(3/5)`.
    Student5,
}

impl Source {
    const ALL: [Self; 4] = [Self::Laplace, Self::Logistic, Self::Uniform, Self::Student5];
    const NAMES: [&'static str; 4] = ["laplace", "logistic", "uniform", "student5"];

    /// The value of the option `source`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Laplace => "laplace",
            Self::Logistic => "logistic",
            Self::Uniform => "uniform",
            Self::Student5 => "student5",
        }
    }

    /// The source of the given name.
    ///
    /// # Errors
    /// [`DataError::UnknownValue`] with the nearest known name.
    pub fn from_name(name: &str) -> Result<Self, DataError> {
        Self::ALL.into_iter().find(|source| source.name() == name).ok_or_else(|| DataError::UnknownValue {
            key: "source",
            value: name.to_owned(),
            nearest: nearest(name, &Self::NAMES),
        })
    }

    /// The differential entropy `-E ln p(s)`, nats.
    #[must_use]
    pub fn entropy(self) -> f64 {
        match self {
            Self::Laplace => 1.0 + 0.5 * LN_2,
            Self::Logistic => 2.0 + (3.0_f64.sqrt() / PI).ln(),
            Self::Uniform => (2.0 * 3.0_f64.sqrt()).ln(),
            // 3 (digamma(3) - digamma(5/2)) + ln(sqrt 5 B(5/2, 1/2)) + ln sqrt(3/5), with
            // digamma(3) - digamma(5/2) = 2 ln 2 - 7/6 and B(5/2, 1/2) = 3 pi / 8.
            Self::Student5 => 6.0 * LN_2 - 3.5 + (3.0 * 3.0_f64.sqrt() * PI / 8.0).ln(),
        }
    }

    /// `ln p(s)`, nats.
    #[must_use]
    pub fn log_density(self, s: f64) -> f64 {
        match self {
            Self::Laplace => -(2.0_f64.sqrt() * s.abs()) - 0.5 * LN_2,
            Self::Logistic => {
                let scale = 3.0_f64.sqrt() / PI;
                // Uses |s|, which is equivalent by symmetry and cannot overflow.
                let z = s.abs() / scale;
                -z - 2.0 * (-z).exp().ln_1p() - scale.ln()
            }
            Self::Uniform if s.abs() <= 3.0_f64.sqrt() => -self.entropy(),
            Self::Uniform => f64::NEG_INFINITY,
            // Gamma(3) / (sqrt(5 pi) Gamma(5/2)) = 8 / (3 pi sqrt 5) for t; then s = sqrt(3/5) t.
            Self::Student5 => (8.0 / (3.0 * PI * 3.0_f64.sqrt())).ln() - 3.0 * (s * s / 3.0).ln_1p(),
        }
    }

    /// `ln p(s)` for `s` known up to `slack()`: within it, a value beyond an edge counts as on the
    /// edge.
    pub(crate) fn log_density_near(self, s: f64, slack: impl FnOnce() -> f64) -> f64 {
        let log = self.log_density(s);
        if log > f64::NEG_INFINITY || self != Self::Uniform {
            return log;
        }
        self.log_density((s.abs() - slack()).max(0.0))
    }

    /// Draws one value.
    pub fn sample<R: RngExt + ?Sized>(self, rng: &mut R) -> f64 {
        match self {
            Self::Laplace => {
                let magnitude = rng.sample::<f64, _>(Exp1) / 2.0_f64.sqrt();
                if rng.random() { magnitude } else { -magnitude }
            }
            Self::Logistic => {
                let u: f64 = rng.sample(Open01);
                3.0_f64.sqrt() / PI * (u / (1.0 - u)).ln()
            }
            Self::Uniform => 3.0_f64.sqrt() * (2.0 * rng.random::<f64>() - 1.0),
            Self::Student5 => {
                let mut normal = || rng.sample::<f64, _>(StandardNormal);
                let squares: f64 = (0..5).map(|_| normal().powi(2)).sum();
                // t = z / sqrt(squares / 5), times sqrt(3/5).
                normal() * (3.0 / squares).sqrt()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::random::{Purpose, stream};

    #[test]
    fn densities_integrate_to_one_with_unit_variance_and_the_stated_entropy() {
        for source in Source::ALL {
            let (step, reach) = (1e-3, 400.0);
            let (mut mass, mut variance, mut entropy) = (0.0, 0.0, 0.0);
            let cells = (2.0 * reach / step) as i64;
            for cell in 0..cells {
                let s = -reach + (cell as f64 + 0.5) * step;
                let log = source.log_density(s);
                if log.is_finite() {
                    let p = log.exp() * step;
                    mass += p;
                    variance += p * s * s;
                    entropy -= p * log;
                }
            }
            let name = source.name();
            assert!((mass - 1.0).abs() < 1e-3, "{name}: {mass}");
            assert!((variance - 1.0).abs() < 1e-3, "{name}: {variance}");
            assert!((entropy - source.entropy()).abs() < 1e-3, "{name}: {entropy}");
        }
    }

    #[test]
    fn samples_follow_their_density() {
        let count = 200_000;
        for source in Source::ALL {
            let mut rng = stream(4, Purpose::Train, 0);
            let draws: Vec<f64> = (0..count).map(|_| source.sample(&mut rng)).collect();
            let mean = |f: &dyn Fn(f64) -> f64| draws.iter().map(|&s| f(s)).sum::<f64>() / count as f64;
            let name = source.name();
            assert!(mean(&|s| s).abs() < 0.01, "{name}");
            assert!((mean(&|s| s * s) - 1.0).abs() < 0.03, "{name}");
            let entropy = -mean(&|s| source.log_density(s));
            assert!((entropy - source.entropy()).abs() < 0.012, "{name}: {entropy}");
            // Moments do not determine the shape; the characteristic function does.
            for frequency in [0.7, 1.9_f64] {
                let expected: f64 = (-20_000..20_000)
                    .map(|cell| (f64::from(cell) + 0.5) * 1e-3)
                    .map(|s| (frequency * s).cos() * source.log_density(s).exp() * 1e-3)
                    .sum();
                let found = mean(&|s| (frequency * s).cos());
                assert!((found - expected).abs() < 0.008, "{name}: {found} {expected}");
            }
        }
    }

    #[test]
    fn names_parse_back() {
        for source in Source::ALL {
            assert_eq!(Source::from_name(source.name()).unwrap(), source);
        }
        assert!(Source::from_name("gauss").is_err());
    }
}
