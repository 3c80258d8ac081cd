//! Linear mixtures of independent sources, with the density known exactly.

use ndarray::linalg::general_mat_vec_mul;
use ndarray::{Array1, Array2, ArrayView1, ArrayViewMut1};
use pdmap_core::group::haar;

use super::Source;
use super::options::{Options, number, require};
use super::rows::{counts_note, three_parts};
use crate::DataError;
use crate::element::Element;
use crate::protocol::{Counts, DataFacts, Splits};
use crate::random::{Purpose, stream};

/// The mixing matrix is built by an O(dim^3) method on one core.
const MAX_DIM: usize = 4096;

/// Rows `x = A s` of `dim` independent sources of mean 0 and variance 1.
///
/// `A = U diag(sigma) V^T` with independent Haar `U`, `V` (from the seed) and singular values in a
/// geometric sequence from `sqrt(condition)` down to `1 / sqrt(condition)`, so `|det A| = 1`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ica {
    /// Features, 1 to 4096.
    pub dim: usize,
    /// The density of every source.
    pub source: Source,
    /// The condition number of `A` in the spectral norm, finite, at least 1.
    pub condition: f64,
}

/// What generated the rows.
#[derive(Clone, Debug, PartialEq)]
pub struct IcaTruth {
    /// `A`, `[dim, dim]`: a row of data is `A s`.
    pub mixing: Array2<f64>,
    /// The entropy of a row, nats: `dim * h + log |det A|` with `h` the entropy of a source. The
    /// true density has expected log-likelihood `-entropy`, and no other density has more.
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

    fn check(&self) -> Result<(), DataError> {
        require((1..=MAX_DIM).contains(&self.dim), "dim", self.dim, DIM)?;
        let allowed = self.condition.is_finite() && self.condition >= 1.0;
        require(allowed, "condition", self.condition, CONDITION)
    }
}

impl Ica {
    /// The mixing matrix and the entropy of the rows that [`Generator::splits`] gives for `seed`.
    ///
    /// # Errors
    /// [`DataError::BadOption`] for options out of range.
    ///
    /// [`Generator::splits`]: super::Generator::splits
    pub fn truth(&self, seed: u64) -> Result<IcaTruth, DataError> {
        self.check()?;
        let sigma = self.singular_values();
        let mut rng = stream(seed, Purpose::Model, 0);
        // Both measures are the same for the transpose, so rows serve as columns.
        let left = haar::<f64>(self.dim, &mut rng);
        let right = haar::<f64>(self.dim, &mut rng);
        let log_det = sigma.mapv(f64::ln).sum();
        Ok(IcaTruth {
            mixing: (left * &sigma).dot(&right),
            entropy: self.dim as f64 * self.source.entropy() + log_det,
        })
    }

    fn singular_values(&self) -> Array1<f64> {
        let last = self.dim.saturating_sub(1).max(1) as f64;
        Array1::from_shape_fn(self.dim, |k| {
            // One feature has condition number 1 whatever is asked for.
            let exponent = if self.dim == 1 { 0.0 } else { 0.5 - k as f64 / last };
            self.condition.powf(exponent)
        })
    }

    pub(crate) fn splits<F: Element>(&self, counts: Counts, seed: u64) -> Result<Splits<F>, DataError> {
        let truth = self.truth(seed)?;
        let (dim, source) = (self.dim, self.source);
        let [train, validation, test] = three_parts(counts, dim, seed, |rng, row| {
            let sources: Vec<f64> = (0..dim).map(|_| source.sample(rng)).collect();
            let (sources, mut row) = (ArrayView1::from(&sources), ArrayViewMut1::from(row));
            general_mat_vec_mul(1.0, &truth.mixing, &sources, 0.0, &mut row);
        })?;
        Ok(Splits {
            train,
            validation,
            test,
            test_groups: None,
            facts: DataFacts {
                name: Self::NAME.to_owned(),
                space: format!(
                    "x = A s of {dim} independent {} sources, |det A| = 1: {dim} features",
                    source.name()
                ),
                features: dim,
                pixel_log_det: None,
                true_log_likelihood: Some(-truth.entropy),
                notes: vec![
                    counts_note(counts, seed),
                    format!("expected log-likelihood of the truth: {:.4} nats per row", -truth.entropy),
                ],
                image_shape: None,
            },
        })
    }
}
