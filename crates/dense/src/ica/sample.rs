//! Some of the rows, evenly spread, chosen in one pass that does not know how many there are.

use ndarray::{Array2, ArrayView2, Axis};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// One row of each run of `stride` rows, drawn at random. When the sample is full, one of each two rows
/// stays, and the stride doubles. It does not depend on how the rows are divided into blocks.
#[derive(Debug)]
pub(super) struct Sample {
    rows: Vec<f64>,
    columns: usize,
    most: usize,
    stride: usize,
    /// Rows seen, and the next one to take.
    seen: usize,
    next: usize,
    rng: ChaCha8Rng,
}

impl Sample {
    /// A sample of at most `most` rows, and at least half of that where there are as many.
    pub(super) fn new(columns: usize, most: usize, seed: u64) -> Self {
        let rng = ChaCha8Rng::seed_from_u64(seed);
        Self { rows: vec![], columns, most: most.max(2) & !1, stride: 1, seen: 0, next: 0, rng }
    }

    /// Takes its rows of the next block.
    pub(super) fn visit(&mut self, block: ArrayView2<'_, f64>) {
        let end = self.seen + block.nrows();
        while self.next < end {
            self.rows.extend(block.row(self.next - self.seen));
            let run = self.next / self.stride;
            if self.rows.len() >= self.most * self.columns.max(1) {
                self.thin();
                // The runs up to this one have been halved.
                self.next = (run / 2 + 1) * self.stride + self.rng.random_range(0..self.stride);
            } else {
                self.next = (run + 1) * self.stride + self.rng.random_range(0..self.stride);
            }
        }
        self.seen = end;
    }

    fn thin(&mut self) {
        let (columns, pairs) = (self.columns, self.rows.len() / self.columns / 2);
        for pair in 0..pairs {
            let from = (2 * pair + usize::from(self.rng.random::<bool>())) * columns;
            self.rows.copy_within(from..from + columns, pair * columns);
        }
        self.rows.truncate(pairs * columns);
        self.stride *= 2;
    }

    /// The rows that were taken, in order.
    pub(super) fn finish(self) -> Array2<f64> {
        let rows = self.rows.len() / self.columns.max(1);
        Array2::from_shape_vec((rows, self.columns), self.rows).unwrap_or_default()
    }
}

/// `count` rows, evenly spread over all.
pub(super) fn spread(rows: &Array2<f64>, count: usize) -> Array2<f64> {
    let all = rows.nrows();
    let chosen: Vec<usize> = (0..count.min(all)).map(|index| index * all / count).collect();
    rows.select(Axis(0), &chosen)
}

#[cfg(test)]
mod tests {
    use ndarray::Slice;

    use super::*;

    #[test]
    fn a_sample_is_spread_evenly_and_does_not_depend_on_the_blocks() {
        for count in [1, 2, 7, 64, 65, 1000, 12_345] {
            let rows = Array2::from_shape_fn((count, 3), |(row, column)| (10 * row + column) as f64);
            let of = |block: usize| {
                let mut sample = Sample::new(3, 64, 5);
                rows.axis_chunks_iter(Axis(0), block).for_each(|block| sample.visit(block));
                sample.finish()
            };
            let sample = of(count);
            assert_eq!(sample, of(17), "{count} rows");
            assert!(sample.nrows() <= 64 && sample.nrows() >= count.min(32), "{count} rows: {}", sample.nrows());
            let stride = count.div_ceil(sample.nrows());
            let indices: Vec<usize> = sample.column(0).iter().map(|&first| first as usize / 10).collect();
            for pair in indices.windows(2) {
                assert!(pair[0] < pair[1] && pair[1] - pair[0] <= 6 * stride, "{count} rows: {pair:?}");
            }
            assert_eq!(sample.slice_axis(Axis(1), Slice::from(1..2)), &sample.column(0).insert_axis(Axis(1)) + 1.0);
        }
        let rows = Array2::from_shape_fn((10, 1), |(row, _)| row as f64);
        assert_eq!(spread(&rows, 5).column(0).to_vec(), [0.0, 2.0, 4.0, 6.0, 8.0]);
        assert_eq!(spread(&rows, 20).nrows(), 10);
    }
}
