//! The log-likelihood of a validation.

use ndarray::{ArrayView2, Axis};
use pdmap_core::{Flow, LayerError, Real};

/// Mean of `log p` over at most `limit` rows, evenly spaced (files may be sorted), nats.
///
/// # Errors
/// Those of the flow.
pub fn mean_log_prob<F: Real>(flow: &Flow<F>, rows: ArrayView2<'_, F>, limit: usize) -> Result<f64, LayerError> {
    let (all, count) = (rows.nrows(), rows.nrows().min(limit));
    let mean = |log_prob: Vec<f64>| log_prob.iter().sum::<f64>() / count as f64;
    if count == all {
        return flow.log_prob(flow.given(rows)).map(mean);
    }
    let chosen: Vec<usize> = (0..count).map(|index| (index as u128 * all as u128 / count as u128) as usize).collect();
    flow.log_prob(flow.given(rows.select(Axis(0), &chosen).view())).map(mean)
}
