//! How far approximate scores can be trusted.

use std::fmt::{Display, Formatter};

use pdmap_query::{Estimate, RELIABLE};
use serde::Serialize;

/// What the weights of all rows say.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Reliability {
    draws: u32,
    seed: u64,
    /// Least effective number of draws of a row whose score is kept.
    effective: f64,
    /// Largest `k̂` of all rows; none where no weight had a tail.
    largest_pareto_k: Option<f64>,
    /// Rows whose `k̂` is 0.7 or more: their score is NaN.
    refused: u64,
    #[serde(skip)]
    rows: u64,
}

impl Reliability {
    pub(crate) fn new(draws: u32, seed: u64) -> Self {
        Self { draws, seed, effective: f64::from(draws), largest_pareto_k: None, refused: 0, rows: 0 }
    }

    /// Takes a row in.
    pub(crate) fn add(&mut self, estimate: &Estimate) {
        self.rows += 1;
        if estimate.pareto_k > self.largest_pareto_k.unwrap_or(f64::NEG_INFINITY) {
            // JSON has no infinity.
            self.largest_pareto_k = Some(estimate.pareto_k.min(f64::MAX));
        }
        match estimate.is_reliable() {
            true => self.effective = self.effective.min(estimate.effective),
            false => self.refused += 1,
        }
    }

    /// Rows that are refused.
    pub(crate) fn refused(&self) -> u64 {
        self.refused
    }
}

impl Display for Reliability {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let Self { draws, seed, effective, largest_pareto_k, refused, rows } = self;
        write!(f, "approximate: importance sampling with {draws} draws a row, seed {seed}")?;
        if refused < rows {
            write!(f, "; effective number of draws {effective:.0} or more")?;
        }
        let shape = largest_pareto_k.map_or("none".to_owned(), |k| match k < 100.0 {
            true => format!("{k:.2}"),
            false => "infinite".to_owned(),
        });
        write!(f, "; largest Pareto shape {shape}")?;
        if *refused > 0 {
            let bound = RELIABLE;
            write!(f, "; {refused} of {rows} rows are refused (shape {bound} or more): their score is NaN")?;
        }
        Ok(())
    }
}
