//! How often held-out rows count.

use pdmap_core::RowWeights;
use pdmap_core::row_weights::mean;

use crate::statistics::{Uncertainty, grouped_mean, weighted_error};

/// Weights of validation and test rows: a row of weight `w` counts as `w` equal rows. Training rows
/// have theirs themselves ([`InMemory::weighted`]).
///
/// [`InMemory::weighted`]: pdmap_train::InMemory::weighted
#[derive(Debug, Clone, Copy, Default)]
pub struct HeldOutWeights<'a> {
    /// One for each validation row.
    pub validation: Option<&'a RowWeights>,
    /// One for each test row.
    pub test: Option<&'a RowWeights>,
}

impl HeldOutWeights<'_> {
    /// The mean over test rows, and its uncertainty: by images where `groups` names those of the
    /// rows, by weights where rows have some.
    pub(crate) fn mean_of_test(&self, values: &[f64], groups: Option<&[u32]>) -> (f64, Uncertainty) {
        match self.test.map(RowWeights::each).filter(|weights| weights.len() == values.len()) {
            None => grouped_mean(values, groups),
            Some(weights) => (mean(values, Some(weights)), weighted_error(values, weights)),
        }
    }
}
