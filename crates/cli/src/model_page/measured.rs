//! The data of the page.

use ndarray::{Array2, ArrayView2, Axis};
use pdmap_core::Real;
use pdmap_core::row_weights::ByWeight;
use pdmap_train::Model;

use crate::scores::gaussian::Fit;

/// Maximum number of rows.
const ROWS: usize = 10_000;

/// Maximum number of values in all rows.
const NUMBERS: usize = 1 << 24;

/// The subject of the page.
pub(crate) struct Subject<'a, F: Real> {
    pub(crate) model: &'a Model<F>,
    /// Name of the rows.
    pub(crate) name: String,
    /// Rows that the model was not trained on, followed by their conditions, if any.
    pub(crate) rows: Array2<F>,
    /// Whether unknown labels are part of the density of a model with categories.
    pub(crate) other: bool,
    /// Names of the features, if any.
    pub(crate) columns: Option<Vec<String>>,
    /// Shape of a row: `[channels, height, width]` of an image, `[channels, length]` of a signal.
    pub(crate) shape: Vec<usize>,
    /// Nats to add for bits per dimension: `DataFacts::pixel_log_det`.
    pub(crate) pixel_log_det: Option<f64>,
    /// The Gaussian of the training rows.
    pub(crate) gaussian: &'a Fit,
}

/// The measurements that the sections share.
pub(super) struct Measured<'a, F: Real> {
    pub(super) subject: &'a Subject<'a, F>,
    /// The model that the codes are of: the subject, or a member of it.
    pub(super) coded: &'a Model<F>,
    /// The data without conditions.
    pub(super) x: ArrayView2<'a, F>,
    /// The codes.
    pub(super) z: Array2<F>,
    /// The log-likelihoods, nats.
    pub(super) log_prob: Vec<f64>,
    /// As many samples, with the conditions of the data.
    pub(super) samples: Result<Array2<F>, String>,
}

/// Maximum number of rows with `width` values.
pub(crate) fn most_rows(width: usize) -> usize {
    ROWS.min(NUMBERS / width.max(1)).max(1)
}

/// Evenly spaced rows, as many as the page uses; with weights, evenly spaced among rows that are
/// repeated as often as their weights say.
pub(crate) fn thinned<F: Real>(rows: ArrayView2<'_, F>, weights: Option<&[f64]>) -> Array2<F> {
    let most = most_rows(rows.ncols());
    if let Some(weights) = weights {
        let sum = weights.iter().sum::<f64>();
        // Each as often as its weight says, where that is possible.
        let count = if sum.fract() == 0.0 && sum <= most as f64 { sum as usize } else { rows.nrows().min(most) };
        return rows.select(Axis(0), &ByWeight::new(weights).systematic(count, 0.5).collect::<Vec<_>>());
    }
    let count = rows.nrows();
    let kept: Vec<usize> = (0..count.min(most)).map(|index| index * count / count.min(most)).collect();
    rows.select(Axis(0), &kept)
}

/// A readable number: four digits, or scientific notation if they do not suffice.
pub(super) fn short(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 || (1e-3..1e5).contains(&size) {
        pdmap_report::number(value, size * 1e-3)
    } else {
        format!("{value:.2e}")
    }
}
