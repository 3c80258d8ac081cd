//! The full-covariance Gaussian.

use ndarray::ArrayView2;
use pdmap_core::flow::base::Normal;
use pdmap_core::{Flow, Real, Result};
use pdmap_layers::preprocess::Whitening;

/// The Gaussian with the mean and covariance of `rows`: a whitening layer and a normal base.
///
/// # Errors
/// A rank-deficient covariance.
pub fn gaussian<F: Real>(rows: ArrayView2<'_, F>) -> Result<Flow<F>> {
    let features = rows.ncols();
    Flow::new(features, vec![Box::new(Whitening::fit(rows)?)], Box::new(Normal))
}
