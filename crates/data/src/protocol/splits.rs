//! The result of a protocol: three parts, and facts for interpreting likelihoods.

use ndarray::Array2;
use serde::{Deserialize, Serialize};

/// Number of rows of each part.
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

/// Training, validation and test sets, `[rows, features]` each.
#[derive(Clone, Debug)]
pub struct Splits<F> {
    /// Training rows, for fitting parameters.
    pub train: Array2<F>,
    /// Validation rows, for early stopping and tuning.
    pub validation: Array2<F>,
    /// Test rows, for reported numbers.
    pub test: Array2<F>,
    /// The source image of each test row, if rows share images: such rows are not independent,
    /// which matters for standard errors. `None` if rows are independent.
    pub test_groups: Option<Vec<u32>>,
    /// Facts about the rows.
    pub facts: DataFacts,
}

/// Facts about the rows, including the space in which likelihoods are stated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DataFacts {
    /// A short name.
    pub name: String,
    /// One sentence: the space in which likelihoods are stated.
    pub space: String,
    /// Features per row.
    pub features: usize,
    /// Mean over the test rows of `log |det d(row) / d(pixels)|`, nats, with pixels in units of one
    /// of 256 grey levels. With `ll` the mean test log-likelihood in nats and `D` the number of
    /// features, bits per dimension are `-(ll + pixel_log_det) / (D ln 2)`.
    pub pixel_log_det: Option<f64>,
    /// The expected log-likelihood of the true density, nats per row, if known. No model exceeds it
    /// on average.
    pub true_log_likelihood: Option<f64>,
    /// The mean true log-density over the test rows, nats per row, if known and finite. Compare a
    /// model's log-likelihood of the same rows with it: the sampling error of the test set affects
    /// both and cancels in the difference.
    #[serde(default)]
    pub test_truth: Option<f64>,
    /// Random and non-invertible steps, seeds, sources and counts.
    pub notes: Vec<String>,
    /// `(height, width)` of the image that a row shows in reading order. A mean-free patch lacks
    /// its last pixel, which is minus the sum of the others.
    pub image_shape: Option<(usize, usize)>,
    /// The seed of a generator. Together with the name it reproduces everything known about the
    /// true density ([`Ica::truth`](crate::Ica::truth)).
    #[serde(default)]
    pub generator_seed: Option<u64>,
}

impl DataFacts {
    /// Facts of rows about which nothing more than name, space and width is known.
    pub fn new(name: impl Into<String>, space: impl Into<String>, features: usize) -> Self {
        Self {
            name: name.into(),
            space: space.into(),
            features,
            pixel_log_det: None,
            true_log_likelihood: None,
            test_truth: None,
            notes: vec![],
            image_shape: None,
            generator_seed: None,
        }
    }

    /// The shape for display: `[channels, height, width]` of an image, including a patch that lacks
    /// its last pixel; otherwise a signal of one channel, `[1, features]`. Layers need every
    /// number; for them use [`shape`](Self::shape).
    pub fn picture(&self) -> Vec<usize> {
        match self.image_shape {
            Some((height, width)) if height * width == self.features + 1 => vec![1, height, width],
            _ => self.shape(),
        }
    }

    /// The shape of a row: `[channels, height, width]` of a complete image; otherwise a signal of
    /// one channel, `[1, features]`.
    pub fn shape(&self) -> Vec<usize> {
        match self.image_shape {
            Some((height, width)) if height * width > 0 && self.features.is_multiple_of(height * width) => {
                vec![self.features / (height * width), height, width]
            }
            _ => vec![1, self.features],
        }
    }
}
