//! How often scored rows count.

use anyhow::{Context, Result};
use pdmap_core::RowWeights;

use crate::args::Score;
use crate::rows::weights::{counted, of_rows};
use crate::terminal::exit::BadInput;

/// The weights of all rows.
pub(super) struct Weights {
    all: RowWeights,
}

impl Weights {
    /// Those that the flag names, if it is given.
    pub(super) fn of(args: &Score) -> Result<Option<Self>> {
        let (Some(weights), input) = (args.weights.as_deref(), &args.rows.input) else { return Ok(None) };
        let all = RowWeights::new(of_rows(&input.data, weights, &input.text.options()?)?);
        Ok(Some(Self { all: all.with_context(|| format!("--weights {weights}"))? }))
    }

    pub(super) fn each(&self) -> &[f64] {
        self.all.each()
    }

    /// The weights of those rows of a block whose scores are kept.
    pub(super) fn of_kept(&self, first: u64, scores: &[f64], kept: impl Fn(f64) -> bool) -> Result<Vec<f64>> {
        let own = usize::try_from(first).ok().and_then(|first| self.each().get(first..first + scores.len()));
        let Some(own) = own else {
            let message = format!("--weights: {} weights, fewer than rows", self.each().len());
            return Err(BadInput(message).into());
        };
        Ok(own.iter().zip(scores).filter(|(_, score)| kept(**score)).map(|(own, _)| *own).collect())
    }

    /// Whether there were as many rows.
    pub(super) fn check_count(&self, rows: u64) -> Result<()> {
        counted("--weights", usize::try_from(rows)?, self.each().len())
    }
}
