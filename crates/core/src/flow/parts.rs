//! Splits batches of narrow rows into parts that are differentiated in parallel.

use ndarray::Axis;

use super::model::Flow;
use super::training::{BatchReport, Training};
use crate::contract::Input;
use crate::{Real, Result};

/// Number of features up to which a batch is split. Above, single operations are large enough for
/// several threads.
const NARROW: usize = 256;

/// Minimum rows per part, and maximum number of parts.
const PART: usize = 64;
const MOST_PARTS: usize = 8;

impl<F: Real> Flow<F> {
    /// Number of parts of a batch. It depends on sizes alone, so results do not depend on the
    /// number of threads. For wide rows, the threads share each operation instead.
    fn parts(&self, rows: usize) -> usize {
        if self.features() > NARROW { 1 } else { (rows / PART).clamp(1, MOST_PARTS) }
    }

    /// Differentiates each part with its own tape and gradients, and adds the gradients in order.
    pub(super) fn differentiate_in_parts(
        &self,
        input: Input<'_, F>,
        training: &mut Training<F>,
    ) -> Result<BatchReport> {
        let others = self.parts(input.x.nrows()) - 1;
        let mut parts = std::mem::take(&mut training.parts);
        if parts.len() < others {
            let new = || if training.log_det.is_some() { self.training().with_log_det() } else { self.training() };
            parts.resize_with(others, new);
        }
        let report = self.halves(input, training, &mut parts[..others]);
        let merged = match &report {
            Ok(_) => parts[..others].iter_mut().try_for_each(|part| training.grads.absorb(&mut part.grads)),
            Err(_) => Ok(()),
        };
        training.parts = parts;
        merged.and(report)
    }

    /// Assigns the first rows to `first` and the rest to `others`, recursively by halves of the
    /// parts.
    fn halves(&self, input: Input<'_, F>, first: &mut Training<F>, others: &mut [Training<F>]) -> Result<BatchReport> {
        let (count, rows) = (others.len() + 1, input.x.nrows());
        let half = count / 2;
        let (before, after) = others.split_at_mut(half.saturating_sub(1));
        let Some((next, after)) = after.split_first_mut() else {
            return self.differentiate_here(input, first, None);
        };
        let at = rows * half / count;
        let (x_0, x_1) = input.x.split_at(Axis(0), at);
        let (given_0, given_1) = input.condition.map(|given| given.split_at(Axis(0), at)).unzip();
        let (a, b) = rayon::join(
            || self.halves(Input::new(x_0, given_0), first, before),
            || self.halves(Input::new(x_1, given_1), next, after),
        );
        let (a, b) = (a?, b.map_err(|error| error.below(at))?);
        let mean = |first: f64, second: f64| (first * a.rows as f64 + second * b.rows as f64) / rows as f64;
        let log_det = a.log_det.zip(b.log_det).map(|(first, second)| mean(first, second));
        Ok(BatchReport { rows, base_log_density: mean(a.base_log_density, b.base_log_density), log_det })
    }
}
