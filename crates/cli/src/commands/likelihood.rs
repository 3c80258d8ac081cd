//! A mean log-likelihood as the command line states it.

use std::fmt::{Display, Formatter};

use pdmap_compare::statistics::mean_and_error;
use serde::Serialize;

/// Mean and standard error over rows.
#[derive(Debug, Serialize)]
pub(crate) struct Likelihood {
    rows: usize,
    mean: f64,
    /// Null for fewer than two rows.
    standard_error: Option<f64>,
    unit: &'static str,
    space: String,
}

impl Likelihood {
    pub(crate) fn new(log_prob: &[f64], space: &str) -> Self {
        let (mean, error) = mean_and_error(log_prob);
        let standard_error = error.is_finite().then_some(error);
        Self { rows: log_prob.len(), mean, standard_error, unit: "nats", space: space.to_owned() }
    }
}

impl Display for Likelihood {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let error = self.standard_error.map_or_else(String::new, |error| format!(" ± {error:.4}"));
        write!(f, "{} rows: {:.4}{error} {}, in {}", self.rows, self.mean, self.unit, self.space)
    }
}
