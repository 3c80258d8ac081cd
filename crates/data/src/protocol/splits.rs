//! What a protocol returns: three parts, and the facts that a reader of the results needs.

use ndarray::Array2;
use serde::{Deserialize, Serialize};

/// Rows of each part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Training rows.
    pub train: usize,
    /// Validation rows.
    pub validation: usize,
    /// Test rows.
    pub test: usize,
}

impl Default for Counts {
    /// The counts of the published BSDS300 protocol: 1,000,000 / 50,000 / 250,000.
    fn default() -> Self {
        Self { train: 1_000_000, validation: 50_000, test: 250_000 }
    }
}

/// Training, validation and test rows, `[rows, features]` each.
#[derive(Clone, Debug)]
pub struct Splits<F> {
    /// Parameters are fitted to these.
    pub train: Array2<F>,
    /// Choices (stopping, tuning) are made on these.
    pub validation: Array2<F>,
    /// Reported numbers come from these.
    pub test: Array2<F>,
    /// The image that each test row was cut from, where rows share images: such rows are not independent, and standard errors must
    /// know it. `None`: each row stands for itself.
    pub test_groups: Option<Vec<u32>>,
    /// What the rows are.
    pub facts: DataFacts,
}

/// What the rows are, and in which space a likelihood of them is stated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DataFacts {
    /// A short name.
    pub name: String,
    /// One sentence: the space in which likelihoods are stated.
    pub space: String,
    /// Features of a row.
    pub features: usize,
    /// Mean over the test rows of `log |det d(row) / d(pixels)|`, nats, pixels in units of one of
    /// 256 grey levels. With `ll` the mean log-likelihood of the test rows in nats and `D` the
    /// features, bits per dimension are `-(ll + pixel_log_det) / (D ln 2)`.
    pub pixel_log_det: Option<f64>,
    /// The expected log-likelihood of the true density, nats per row, where it is known: no model
    /// exceeds it on average.
    pub true_log_likelihood: Option<f64>,
    /// The mean of the true log-density over the test rows, nats per row, where it is known and
    /// finite. A model's likelihood of the same rows is compared with this, row by row: the difference is
    /// free of the luck of the draw, which moves both.
    #[serde(default)]
    pub test_truth: Option<f64>,
    /// What is random or not invertible, seeds, sources and counts.
    pub notes: Vec<String>,
    /// `(height, width)` of the picture that a row shows in reading order; a mean-free patch lacks
    /// its last pixel, which is minus the sum of the others.
    pub image_shape: Option<(usize, usize)>,
    /// The seed of a generator: with the name, everything that is known of the truth
    /// ([`Ica::truth`](crate::Ica::truth)) can be had again.
    #[serde(default)]
    pub generator_seed: Option<u64>,
}

impl DataFacts {
    /// What there is to see in a row: `[channels, height, width]` of a picture, of a patch that lacks its last pixel too, or else a signal of one
    /// channel, `[1, features]`. For layers, which need every number: [`shape`](Self::shape).
    pub fn picture(&self) -> Vec<usize> {
        match self.image_shape {
            Some((height, width)) if height * width == self.features + 1 => vec![1, height, width],
            _ => self.shape(),
        }
    }

    /// What a row is: `[channels, height, width]` of a picture that lacks no pixel, or else a signal of one channel, `[1, features]`.
    pub fn shape(&self) -> Vec<usize> {
        match self.image_shape {
            Some((height, width)) if height * width > 0 && self.features.is_multiple_of(height * width) => {
                vec![self.features / (height * width), height, width]
            }
            _ => vec![1, self.features],
        }
    }
}
