//! What a search finds, and how.

use ndarray::Array2;

/// How a search ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The relative gradient is within the tolerance.
    Converged,
    /// No iterations are left.
    OutOfIterations,
    /// No step along the gradient raises the likelihood any more: the rounding of the rows is reached.
    Stalled,
}

/// The state before an iteration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Iteration {
    /// `L(W)`, in nats a row.
    pub log_likelihood: f64,
    /// The largest entry of the relative gradient, or on O(D) of its skew part.
    pub criterion: f64,
    /// The number of rows that both are measured on: a search starts on a part of many rows.
    pub rows: usize,
    /// Passes over all rows so far.
    pub passes: usize,
}

/// An unmixing matrix and how it was found.
#[derive(Debug, Clone)]
pub struct Solution {
    /// `W`, `[D, D]`: the sources of a row are `y = W x`.
    pub unmixing: Array2<f64>,
    /// 1 for each source that is taken as super-Gaussian, −1 for a sub-Gaussian one.
    pub signs: Vec<f64>,
    /// The states before all iterations, and at the end.
    pub record: Vec<Iteration>,
    /// How it ended.
    pub end: End,
}

impl Solution {
    /// The state at the end.
    pub fn last(&self) -> Iteration {
        let none = Iteration { log_likelihood: f64::NAN, criterion: f64::NAN, rows: 0, passes: 0 };
        self.record.last().copied().unwrap_or(none)
    }
}
