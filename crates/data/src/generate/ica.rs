//! Linear mixtures of independent sources with an exactly known density.

use ndarray::linalg::general_mat_vec_mul;
use ndarray::{Array1, Array2, ArrayView1, ArrayViewMut1};
use pdmap_core::group::haar;
use rand_chacha::ChaCha8Rng;

use super::density::Density;
use super::settings::{Options, number, require};
use super::source::Source;
use crate::error::DataError;
use crate::random::{Purpose, stream};

/// The mixing matrix takes O(dim^3) time on one core.
const MAX_DIM: usize = 4096;

/// Rows `x = A s` of `dim` independent sources of mean 0 and variance 1.
///
/// `A = U diag(sigma) V^T` with independent Haar matrices `U`, `V` (from the seed) and singular
/// values in a geometric sequence from `sqrt(condition)` down to `1 / sqrt(condition)`, so
/// `|det A| = 1`.
///
/// `ln p(x) = sum over i of ln f((A^-1 x)[i]) - ln |det A|` with `f` the density of a source. The
/// support of uniform sources has edges, and a row rounded to its element type may lie beyond them:
/// a source counts as inside if its excess is within the rounding error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ica {
    /// Features, 1 to 4096.
    pub dim: usize,
    /// The density of every source.
    pub source: Source,
    /// Condition number of `A` in the spectral norm, finite and at least 1.
    pub condition: f64,
}

/// The parameters behind the generated rows.
#[derive(Clone, Debug, PartialEq)]
pub struct IcaTruth {
    /// `A`, `[dim, dim]`: a row is `A s`.
    pub mixing: Array2<f64>,
    /// `A^-1`, `[dim, dim]`, computed from the factors of `A` rather than by elimination.
    pub unmixing: Array2<f64>,
    /// `log |det A|`, 0 up to rounding.
    pub log_det: f64,
    /// The entropy of a row, nats: `dim * h + log |det A|` with `h` the entropy of a source. The
    /// true density has expected log-likelihood `-entropy`, the maximum over all densities.
    pub entropy: f64,
}

impl Default for Ica {
    fn default() -> Self {
        Self { dim: 16, source: Source::Laplace, condition: 10.0 }
    }
}

const DIM: &str = "a whole number from 1 to 4096";
const CONDITION: &str = "a finite number, at least 1";

impl Options for Ica {
    const NAME: &'static str = "ica";
    const KEYS: &'static [&'static str] = &["dim", "source", "condition"];

    fn set(&mut self, key: &'static str, value: &str) -> Result<(), DataError> {
        match key {
            "dim" => self.dim = number(key, value, DIM)?,
            "source" => self.source = Source::from_name(value)?,
            _ => self.condition = number("condition", value, CONDITION)?,
        }
        Ok(())
    }

    fn get(&self, key: &'static str) -> String {
        match key {
            "dim" => self.dim.to_string(),
            "source" => self.source.name().to_owned(),
            _ => self.condition.to_string(),
        }
    }

    fn check(&self) -> Result<(), DataError> {
        require((1..=MAX_DIM).contains(&self.dim), "dim", self.dim, DIM)?;
        let allowed = self.condition.is_finite() && self.condition >= 1.0;
        require(allowed, "condition", self.condition, CONDITION)
    }
}

impl Ica {
    /// The mixing matrix and entropy of the rows that [`Generator::splits`] generates for `seed`.
    ///
    /// # Errors
    /// [`DataError::BadOption`] for options out of range.
    ///
    /// [`Generator::splits`]: super::Generator::splits
    pub fn truth(&self, seed: u64) -> Result<IcaTruth, DataError> {
        self.check()?;
        let sigma = self.singular_values();
        let mut rng = stream(seed, Purpose::Model, 0);
        // Haar measure is invariant under transposition, so rows can serve as columns.
        let left = haar::<f64>(self.dim, &mut rng);
        let right = haar::<f64>(self.dim, &mut rng);
        let log_det = sigma.mapv(f64::ln).sum();
        Ok(IcaTruth {
            mixing: (&left * &sigma).dot(&right),
            unmixing: right.t().dot(&(&left / &sigma).t()),
            log_det,
            entropy: self.dim as f64 * self.source.entropy() + log_det,
        })
    }

    fn singular_values(&self) -> Array1<f64> {
        let last = self.dim.saturating_sub(1).max(1) as f64;
        Array1::from_shape_fn(self.dim, |k| {
            // A single feature always has condition number 1.
            let exponent = if self.dim == 1 { 0.0 } else { 0.5 - k as f64 / last };
            self.condition.powf(exponent)
        })
    }

    /// The density of the rows for `seed`.
    pub(crate) fn density(&self, seed: u64) -> Result<IcaDensity, DataError> {
        Ok(IcaDensity { source: self.source, truth: self.truth(seed)? })
    }
}

/// [`Ica`] with the mixing matrix for one seed.
pub(crate) struct IcaDensity {
    source: Source,
    truth: IcaTruth,
}

impl Density for IcaDensity {
    fn features(&self) -> usize {
        self.truth.mixing.nrows()
    }

    fn space(&self) -> String {
        format!("x = A s of {} independent {} sources, |det A| = 1", self.features(), self.source.name())
    }

    fn entropy(&self) -> f64 {
        self.truth.entropy
    }

    fn draw(&self, rng: &mut ChaCha8Rng, row: &mut [f64]) {
        let sources: Vec<f64> = row.iter().map(|_| self.source.sample(rng)).collect();
        let (sources, mut row) = (ArrayView1::from(&sources), ArrayViewMut1::from(row));
        general_mat_vec_mul(1.0, &self.truth.mixing, &sources, 0.0, &mut row);
    }

    fn log_density(&self, row: &[f64], epsilon: f64) -> f64 {
        let sources = self.truth.unmixing.dot(&ArrayView1::from(row));
        let logs = sources.iter().zip(self.truth.unmixing.rows()).map(|(&s, weights)| {
            // How far rounding of the row and of the product can move this source.
            let moved = || weights.iter().zip(row).map(|(weight, x)| (weight * x).abs()).sum::<f64>();
            let rounding = epsilon + row.len() as f64 * f64::EPSILON;
            self.source.log_density_near(s, || rounding * moved())
        });
        logs.sum::<f64>() - self.truth.log_det
    }
}
