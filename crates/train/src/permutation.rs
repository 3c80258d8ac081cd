//! The order of rows in memory.

use ndarray::Array2;
use pdmap_core::Real;
use pdmap_core::row_weights::ByWeight;
use pdmap_spec::InMemory;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The random numbers of an epoch.
pub(crate) fn rng(seed: u64, epoch: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(epoch);
    rng
}

/// Rows in memory: each epoch permutes them.
///
/// With weights, an epoch of N rows has row `i` `N w_i/Σw` times, rounded up or down, by systematic
/// sampling: the rows at the places `(n + u)/N`, with one `u ~ U(0, 1)` an epoch, of all rows laid end
/// to end, each as long as its weight. The expected gradient of a batch is that of the weighted mean.
#[derive(Debug)]
pub(crate) struct Permutation<'a, F> {
    rows: InMemory<'a, F>,
    by_weight: Option<ByWeight>,
    seed: u64,
    epoch: Option<u64>,
    order: Vec<u32>,
}

impl<'a, F: Real> Permutation<'a, F> {
    pub(crate) fn new(rows: InMemory<'a, F>, seed: u64) -> Self {
        let by_weight = rows.weights().map(|weights| ByWeight::new(&weights));
        Self { rows, by_weight, seed, epoch: None, order: Vec::new() }
    }

    pub(crate) fn copy(&mut self, epoch: u64, next: u64, batch: &mut Array2<F>) {
        if self.epoch != Some(epoch) {
            let count = u32::try_from(self.rows.count()).unwrap_or(u32::MAX);
            let mut rng = rng(self.seed, epoch);
            self.order.clear();
            match &self.by_weight {
                None => self.order.extend(0..count),
                Some(by_weight) => {
                    let chosen = by_weight.systematic(count as usize, rng.random());
                    self.order.extend(chosen.map(|row| row as u32));
                }
            }
            self.order.shuffle(&mut rng);
            self.epoch = Some(epoch);
        }
        for (to, &from) in batch.rows_mut().into_iter().zip(&self.order[next as usize..]) {
            self.rows.copy_row(from as usize, to);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use pdmap_core::RowWeights;

    use super::*;

    /// How often each row comes in some epochs.
    fn counts(weights: &[f64], epochs: u64) -> Vec<usize> {
        let rows = Array2::from_shape_fn((weights.len(), 1), |(row, _)| row as f64);
        let weights = RowWeights::new(weights.to_vec()).unwrap();
        let mut order = Permutation::new(InMemory::from(rows.view()).weighted(Some(&weights)).unwrap(), 3);
        let mut counts = vec![0; rows.nrows()];
        let mut batch = Array2::zeros(rows.dim());
        for epoch in 0..epochs {
            order.copy(epoch, 0, &mut batch);
            batch.iter().for_each(|&row| counts[row as usize] += 1);
        }
        counts
    }

    #[test]
    fn rows_come_in_proportion_to_their_weights() {
        // Shares of 8 rows: 0, 2, 1, 2.5, 0.5, 1, 1, 0.
        let found = counts(&[0.0, 4.0, 2.0, 5.0, 1.0, 2.0, 2.0, 0.0], 2000);
        let expected = [0.0, 4000.0, 2000.0, 5000.0, 1000.0, 2000.0, 2000.0, 0.0];
        for (row, (&found, expected)) in found.iter().zip(expected).enumerate() {
            // Rounded up or down once an epoch: at most five standard deviations of a fair coin.
            assert!((found as f64 - expected).abs() <= 5.0 * (0.25f64 * 2000.0).sqrt(), "row {row}: {found}");
        }
        assert_eq!((found[0], found[7]), (0, 0));
        // Equal weights of any size: each row once an epoch.
        assert_eq!(counts(&[0.1; 9], 5), [5; 9]);
    }
}
