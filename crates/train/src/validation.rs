//! The rows of a validation, and their log-likelihood.

use ndarray::{Array2, ArrayView2, Axis};
use pdmap_core::row_weights::mean;
use pdmap_core::{Flow, LayerError, Real, RowWeights, check};
use pdmap_spec::{InMemory, Rows, SpecError};

/// Rows that judge a flow, and how often each counts.
#[derive(Debug, Clone, Copy)]
pub struct ValidationRows<'v, F> {
    pub(crate) rows: ArrayView2<'v, F>,
    /// Once without weights.
    pub(crate) weights: Option<&'v [f64]>,
}

impl<'v, F> ValidationRows<'v, F> {
    /// Rows of these weights, one for each: a row of weight `w` counts as `w` equal rows.
    ///
    /// # Errors
    /// [`LayerError::Shape`] where the numbers of rows and weights differ.
    pub fn new(rows: ArrayView2<'v, F>, weights: Option<&'v RowWeights>) -> Result<Self, LayerError> {
        let weights = weights.map(RowWeights::each);
        check::weights(rows.nrows(), weights)?;
        Ok(Self { rows, weights })
    }
}

impl<F: Real> ValidationRows<'_, F> {
    /// The same rows, borrowed for a shorter time.
    pub(crate) fn reborrow(&self) -> ValidationRows<'_, F> {
        ValidationRows { rows: self.rows.reborrow(), weights: self.weights }
    }

    /// As [`Rows::fingerprint`].
    pub(crate) fn fingerprint(&self, what: &'static str) -> Result<u64, SpecError> {
        Rows::Memory(InMemory::from(self.rows).weighing(self.weights)?).fingerprint(what)
    }
}

impl<'v, F> From<ArrayView2<'v, F>> for ValidationRows<'v, F> {
    fn from(rows: ArrayView2<'v, F>) -> Self {
        Self { rows, weights: None }
    }
}

impl<'v, F> From<&'v Array2<F>> for ValidationRows<'v, F> {
    fn from(rows: &'v Array2<F>) -> Self {
        rows.view().into()
    }
}

/// Mean of `log p` over at most `limit` rows, evenly spaced (files may be sorted), nats.
///
/// # Errors
/// Those of the flow.
pub fn mean_log_prob<'v, F: Real>(
    flow: &Flow<F>,
    rows: impl Into<ValidationRows<'v, F>>,
    limit: usize,
) -> Result<f64, LayerError> {
    let ValidationRows { rows, weights } = rows.into();
    let (all, count) = (rows.nrows(), rows.nrows().min(limit));
    if count == all {
        return Ok(mean(&flow.log_prob(flow.given(rows))?, weights));
    }
    let chosen: Vec<usize> = (0..count).map(|index| (index as u128 * all as u128 / count as u128) as usize).collect();
    let weights = weights.map(|weights| chosen.iter().map(|&row| weights[row]).collect::<Vec<f64>>());
    Ok(mean(&flow.log_prob(flow.given(rows.select(Axis(0), &chosen).view()))?, weights.as_deref()))
}
