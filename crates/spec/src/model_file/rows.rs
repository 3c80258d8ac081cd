//! Scores and codes of the rows of a table in memory, block by block.

use ndarray::{Array2, ArrayView2, Axis, Slice};
use pdmap_core::{Input, LayerError};

use super::given::codes;
use super::model::Model;
use super::scorer::{Over, Scorer};
use crate::dequantize::Dequantizer;
use crate::error::SpecError;
use crate::table_rows::{Precision, TableRows, block_rows};

/// How the scores of a model with discrete features are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draws {
    /// Draws of the uniform noise.
    pub count: u64,
    /// Their seed.
    pub seed: u64,
    /// What is reported over them.
    pub over: Over,
}

impl Default for Draws {
    /// The mean of `log p` over 8 draws, as `pdmap score`.
    fn default() -> Self {
        Self { count: 8, seed: 0, over: Over::Mean }
    }
}

/// Seed of the noise on rows that are encoded.
const SEED: u64 = 0;

impl<F: Precision> Model<F> {
    /// Calls `visit` with blocks of features and their conditions, and with the number of the first row.
    fn blocks(
        &self,
        rows: &TableRows<'_>,
        condition: Option<ArrayView2<'_, f64>>,
        mut visit: impl FnMut(usize, Input<'_, F>) -> Result<(), LayerError>,
    ) -> Result<(), SpecError> {
        let (count, features) = (rows.dim().0, self.flow.features());
        let seen = condition.map(|condition| self.seen(condition)).transpose()?;
        if let Some(seen) = &seen {
            pdmap_core::check::shape("condition", (count, seen.ncols()), seen.dim())?;
        }
        let size = block_rows::<F>(features);
        for first in (0..count).step_by(size) {
            let end = (first + size).min(count);
            let block = rows.part(first..end).features::<F>(&self.header.columns, features);
            let block = block.map_err(|error| error.below(first))?;
            let given = seen.as_ref().map(|seen| seen.slice_axis(Axis(0), Slice::from(first..end)));
            visit(first, Input::new(block.view(), given)).map_err(|error| error.below(first))?;
        }
        Ok(())
    }

    pub(super) fn scores(
        &self,
        rows: &TableRows<'_>,
        condition: Option<ArrayView2<'_, f64>>,
        draws: Draws,
    ) -> Result<Vec<f64>, SpecError> {
        let mut scores = vec![0.0; rows.dim().0];
        let noise = Dequantizer::new(&self.header.columns.discrete, draws.seed);
        let mut scorer = Scorer::new(self, noise, draws.count.max(1), draws.over);
        self.blocks(rows, condition, |first, block| {
            let to = &mut scores[first..first + block.x.nrows()];
            scorer.score(block, first as u64, to, None)
        })?;
        if let (Some((categories, labels)), Some(condition)) = (self.categorical(), condition) {
            let log_p = labels.log_density(codes(categories, condition)?.view(), false)?;
            scores.iter_mut().zip(log_p).for_each(|(score, log_p)| *score += log_p);
        }
        Ok(scores)
    }

    /// `z = f(x)` of the rows of a table; discrete features get the fixed draw of the noise, as in
    /// `pdmap encode`.
    ///
    /// # Errors
    /// An ensemble; rows or conditions that do not fit the model; numbers that are not finite.
    pub fn codes_of(
        &self,
        rows: &TableRows<'_>,
        condition: Option<ArrayView2<'_, f64>>,
    ) -> Result<Array2<F>, SpecError> {
        self.has_codes()?;
        let mut found = Array2::zeros((rows.dim().0, self.flow.features()));
        let noise = Dequantizer::new(&self.header.columns.discrete, SEED);
        let mut evaluator = self.flow.evaluator();
        self.blocks(rows, condition, |first, block| {
            let to = found.slice_axis_mut(Axis(0), Slice::from(first..first + block.x.nrows()));
            let Some(noise) = &noise else { return evaluator.encode_into(block, to) };
            let mut noisy = block.x.to_owned();
            noise.add(Dequantizer::FIXED, first as u64, noisy.view_mut());
            evaluator.encode_into(block.with(noisy.view()), to)
        })?;
        Ok(found)
    }
}
