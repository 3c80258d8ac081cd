//! The trait of generators with a known density, and what follows from it.

use ndarray::ArrayView2;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::rows::{counts_note, three_parts};
use crate::element::{Element, widen};
use crate::error::DataError;
use crate::protocol::{Counts, DataFacts, Splits};

/// A density over rows that supports sampling and evaluation.
pub(crate) trait Density: Sync {
    /// Features per row.
    fn features(&self) -> usize;

    /// One phrase describing the space of the rows.
    fn space(&self) -> String;

    /// `-E ln p(x)`, nats.
    fn entropy(&self) -> f64;

    /// Draws one row of [`Self::features`] values.
    fn draw(&self, rng: &mut ChaCha8Rng, row: &mut [f64]);

    /// `ln p(row)`, nats; `-inf` outside the support. The values of the row have been rounded with
    /// relative error `epsilon`: a drawn row that rounding moved over an edge of the support counts
    /// as on the edge.
    fn log_density(&self, row: &[f64], epsilon: f64) -> f64;
}

/// `ln p` of each row; the rows must have the density's number of features.
pub(crate) fn log_density<F: Element>(density: &dyn Density, rows: ArrayView2<'_, F>) -> Vec<f64> {
    let epsilon = widen(F::epsilon());
    (0..rows.nrows())
        .into_par_iter()
        .map(|index| {
            let row: Vec<f64> = rows.row(index).iter().map(|&value| widen(value)).collect();
            density.log_density(&row, epsilon)
        })
        .collect()
}

/// Draws the three parts of a split and records the known facts about them.
pub(crate) fn splits<F: Element>(
    density: &dyn Density,
    name: String,
    counts: Counts,
    seed: u64,
) -> Result<Splits<F>, DataError> {
    let features = density.features();
    let [train, validation, test] = three_parts(counts, features, seed, |rng, row| density.draw(rng, row))?;
    let expected = -density.entropy();
    let logs = log_density(density, test.view());
    let mean = logs.iter().sum::<f64>() / logs.len() as f64;
    let facts = DataFacts {
        true_log_likelihood: Some(expected),
        // Without rows, the mean is NaN.
        test_truth: Some(mean).filter(|mean| mean.is_finite()),
        notes: vec![
            counts_note(counts, seed),
            format!("expected log-likelihood of the true density: {expected:.4} nats per row"),
        ],
        generator_seed: Some(seed),
        ..DataFacts::new(name, format!("{}: {features} features", density.space()), features)
    };
    Ok(Splits { train, validation, test, test_groups: None, facts })
}
