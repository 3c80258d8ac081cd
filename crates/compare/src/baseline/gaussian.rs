//! The full-covariance Gaussian.

use ndarray::ArrayView2;
use pdmap_core::{Base, Flow, Real, Result};
use pdmap_data::preprocess::Whitening;

/// The Gaussian with mean and covariance of the rows, as what it is: a flow of one whitening layer and a normal base.
///
/// # Errors
/// A covariance without full rank.
pub fn gaussian<F: Real>(rows: ArrayView2<'_, F>) -> Result<Flow<F>> {
    let features = rows.ncols();
    Flow::new(features, vec![Box::new(Whitening::fit(rows)?)], Base::normal())
}
