//! Shuffled minibatches.

use ndarray::{Array2, ArrayView2};
use pdmap_core::Real;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// Batches of fixed size, without replacement within an epoch, in an order that depends on the seed only. The rows that do not fill
/// a last batch wait for the next epoch's shuffle.
#[derive(Debug)]
pub(crate) struct Batches<'a, F> {
    rows: ArrayView2<'a, F>,
    order: Vec<u32>,
    next: usize,
    batch: Array2<F>,
    rng: ChaCha8Rng,
}

impl<'a, F: Real> Batches<'a, F> {
    /// `size` is at least 1 and at most the number of rows, which fit in 32 bits.
    pub(crate) fn new(rows: ArrayView2<'a, F>, size: usize, seed: u64) -> Self {
        let order = (0..u32::try_from(rows.nrows()).unwrap_or(u32::MAX)).collect::<Vec<_>>();
        let (batch, next) = (Array2::zeros((size, rows.ncols())), order.len());
        Self { rows, order, next, batch, rng: ChaCha8Rng::seed_from_u64(seed) }
    }

    /// The next batch, `[size, features]`.
    pub(crate) fn draw(&mut self) -> ArrayView2<'_, F> {
        let size = self.batch.nrows();
        if self.next + size > self.order.len() {
            self.order.shuffle(&mut self.rng);
            self.next = 0;
        }
        let drawn = &self.order[self.next..self.next + size];
        for (mut to, &from) in self.batch.rows_mut().into_iter().zip(drawn) {
            to.assign(&self.rows.row(from as usize));
        }
        self.next += size;
        self.batch.view()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epoch(batches: &mut Batches<'_, f64>, count: usize) -> Vec<usize> {
        (0..count).flat_map(|_| batches.draw().column(0).mapv(|v| v as usize).to_vec()).collect()
    }

    #[test]
    fn an_epoch_has_each_row_once_in_an_order_of_the_seed() {
        let rows = Array2::from_shape_fn((12, 2), |(i, _)| i as f64);
        let mut batches = Batches::new(rows.view(), 4, 7);
        let (first, second) = (epoch(&mut batches, 3), epoch(&mut batches, 3));
        assert_ne!(first, second);
        for order in [&first, &second] {
            let mut sorted = order.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, (0..12).collect::<Vec<_>>());
        }
        assert_eq!(epoch(&mut Batches::new(rows.view(), 4, 7), 3), first);
        assert_ne!(epoch(&mut Batches::new(rows.view(), 4, 8), 3), first);
    }

    #[test]
    fn a_remainder_is_not_lost_for_good() {
        let rows = Array2::from_shape_fn((5, 1), |(i, _)| i as f64);
        let mut seen = epoch(&mut Batches::new(rows.view(), 2, 1), 40);
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen, [0, 1, 2, 3, 4]);
    }
}
