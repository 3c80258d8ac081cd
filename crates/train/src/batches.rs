//! Shuffled minibatches.

use ndarray::{Array2, ArrayView2};
use pdmap_core::Real;
use pdmap_spec::{Dequantizer, FileRows, Rows};
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use crate::error::TrainError;
use crate::permutation::{Permutation, rng};

/// The position of a run in its data. The order of an epoch follows from the seed and the epoch's
/// number, so two numbers suffice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Position {
    /// Completed epochs.
    pub epoch: u64,
    /// Rows drawn in this epoch.
    pub next: u64,
}

/// Batches of fixed size, drawn without replacement within an epoch. Rows that do not fill a last
/// batch are reshuffled into the next epoch. Rows with weights come in proportion to them.
#[derive(Debug)]
pub(crate) struct Batches<'a, F> {
    order: Order<'a, F>,
    count: u64,
    position: Position,
    batch: Array2<F>,
    noise: Option<Dequantizer>,
}

/// Rows in the order of an epoch.
#[derive(Debug)]
enum Order<'a, F> {
    Memory(Permutation<'a, F>),
    File(Pools<'a, F>),
}

impl<'a, F: Real> Batches<'a, F> {
    /// Starts at `position`. `size` is at least 1 and at most the number of rows; rows in memory
    /// fit in 32 bits.
    pub(crate) fn new(rows: Rows<'a, F>, size: usize, seed: u64, position: Position) -> Self {
        let order = match rows {
            Rows::Memory(rows) => Order::Memory(Permutation::new(rows, seed)),
            Rows::File(file) => Order::File(Pools::new(file, seed)),
        };
        let batch = Array2::zeros((size, rows.features()));
        Self { order, count: rows.count(), position, batch, noise: rows.noise().cloned() }
    }

    pub(crate) fn position(&self) -> Position {
        self.position
    }

    /// The next batch, `[size, features]`, with new noise on discrete features.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(crate) fn draw(&mut self) -> Result<ArrayView2<'_, F>, TrainError> {
        let size = self.batch.nrows() as u64;
        if self.position.next.saturating_add(size) > self.count {
            self.position = Position { epoch: self.position.epoch + 1, next: 0 };
        }
        let Position { epoch, next } = self.position;
        match &mut self.order {
            Order::Memory(order) => order.copy(epoch, next, &mut self.batch),
            Order::File(pools) => pools.copy(epoch, next, &mut self.batch)?,
        }
        if let Some(noise) = &self.noise {
            noise.add(epoch + 1, next, self.batch.view_mut());
        }
        self.position.next += size;
        Ok(self.batch.view())
    }
}

/// Rows in a file. An epoch reads blocks of consecutive rows in random order, as many at a time as
/// the buffer holds, and shuffles the buffer. Each row comes once an epoch; neighbours in the file
/// are drawn close together more often than by chance.
#[derive(Debug)]
struct Pools<'a, F> {
    file: &'a FileRows,
    seed: u64,
    epoch: Option<u64>,
    /// Blocks in the order of the epoch.
    blocks: Vec<u32>,
    /// The next buffer, and the position in the epoch of the first row of the loaded one.
    next: usize,
    first: u64,
    order: Vec<u32>,
    rows: Vec<F>,
    scratch: Vec<F>,
}

/// Distance between the random streams of two buffers, in words of the generator: more than a
/// shuffle of 2³² rows consumes.
const POOL_WORDS: u32 = 40;

impl<'a, F: Real> Pools<'a, F> {
    fn new(file: &'a FileRows, seed: u64) -> Self {
        let (blocks, order, rows, scratch) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { file, seed, epoch: None, blocks, next: 0, first: 0, order, rows, scratch }
    }

    fn copy(&mut self, epoch: u64, next: u64, batch: &mut Array2<F>) -> Result<(), TrainError> {
        if self.epoch != Some(epoch) {
            self.blocks.clear();
            self.blocks.extend(0..u32::try_from(self.file.blocks()).unwrap_or(u32::MAX));
            self.blocks.shuffle(&mut rng(self.seed, epoch));
            (self.next, self.first) = (0, 0);
            self.order.clear();
            self.epoch = Some(epoch);
        }
        let features = self.file.features();
        for (row, mut to) in (next..).zip(batch.rows_mut()) {
            while row >= self.first + self.order.len() as u64 {
                self.advance(epoch, row)?;
            }
            let from = self.order[(row - self.first) as usize] as usize * features;
            to.iter_mut().zip(&self.rows[from..from + features]).for_each(|(to, &from)| *to = from);
        }
        Ok(())
    }

    /// Loads the buffer that holds `row` of the epoch, without reading those in between.
    fn advance(&mut self, epoch: u64, row: u64) -> Result<(), TrainError> {
        let (mut pool, mut first) = (self.next, self.first + self.order.len() as u64);
        loop {
            let rows: u64 = self.blocks_of(pool).iter().map(|&block| self.file.rows_of_block(block.into())).sum();
            if row < first + rows || self.blocks_of(pool).is_empty() {
                return self.load(epoch, pool, first);
            }
            (pool, first) = (pool + 1, first + rows);
        }
    }

    fn blocks_of(&self, pool: usize) -> &[u32] {
        let size = self.file.blocks_a_buffer();
        let from = pool.saturating_mul(size).min(self.blocks.len());
        &self.blocks[from..(from + size).min(self.blocks.len())]
    }

    fn load(&mut self, epoch: u64, pool: usize, first: u64) -> Result<(), TrainError> {
        self.rows.clear();
        let size = self.file.blocks_a_buffer();
        let from = pool.saturating_mul(size).min(self.blocks.len());
        for index in from..(from + size).min(self.blocks.len()) {
            self.file.read_block(self.blocks[index].into(), &mut self.scratch, &mut self.rows)?;
        }
        let count = self.rows.len() / self.file.features().max(1);
        self.order.clear();
        if count == 0 {
            // The file holds fewer rows than when it was opened.
            self.epoch = None;
            return Err(TrainError::TooFewRows { expected: 1, actual: 0 });
        }
        self.order.extend(0..count as u32);
        let mut rng = rng(self.seed, epoch);
        rng.set_word_pos((pool as u128 + 1) << POOL_WORDS);
        self.order.shuffle(&mut rng);
        (self.next, self.first) = (pool + 1, first);
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use ndarray::{Axis, Slice};
    use pdmap_spec::{DiscreteFeature, InMemory};

    use super::*;

    fn numbered(rows: usize) -> Array2<f64> {
        Array2::from_shape_fn((rows, 2), |(i, _)| i as f64)
    }

    fn draws(batches: &mut Batches<'_, f64>, count: usize) -> Vec<usize> {
        (0..count).flat_map(|_| batches.draw().unwrap().column(0).mapv(|v| v as usize).to_vec()).collect()
    }

    fn start<'a>(rows: impl Into<Rows<'a, f64>>, size: usize, seed: u64) -> Batches<'a, f64> {
        Batches::new(rows.into(), size, seed, Position::default())
    }

    /// `numbered(rows)` in a file, without some rows, read through a small buffer.
    fn filed(rows: usize, excluded: Vec<u64>, buffer: usize) -> (tempfile::TempDir, FileRows) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npy");
        pdmap_data::write_npy(&path, &numbered(rows)).unwrap();
        let file = FileRows::open(&path, excluded, buffer).unwrap();
        (folder, file)
    }

    #[test]
    fn an_epoch_has_each_row_once_in_an_order_of_the_seed() {
        let rows = numbered(12);
        let (_folder, file) = filed(12, vec![], 16);
        for rows in [Rows::from(&rows), Rows::from(&file)] {
            let mut batches = start(rows, 4, 7);
            let (first, second) = (draws(&mut batches, 3), draws(&mut batches, 3));
            assert_ne!(first, second);
            for order in [&first, &second] {
                let mut sorted = order.clone();
                sorted.sort_unstable();
                assert_eq!(sorted, (0..12).collect::<Vec<_>>());
            }
            assert_eq!(draws(&mut start(rows, 4, 7), 3), first);
            assert_ne!(draws(&mut start(rows, 4, 8), 3), first);
        }
    }

    #[test]
    fn a_remainder_is_not_lost_for_good() {
        let rows = numbered(5);
        let mut seen = draws(&mut start(&rows, 2, 1), 40);
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen, [0, 1, 2, 3, 4]);
    }

    #[test]
    fn any_position_is_found_again() {
        let rows = numbered(103);
        let (_folder, file) = filed(103, vec![0, 50, 51, 102], 32);
        for rows in [Rows::from(&rows), Rows::from(&file)] {
            let mut whole = start(rows, 7, 3);
            for drawn in 0..40 {
                let mut again = Batches::new(rows, 7, 3, whole.position());
                assert_eq!(draws(&mut again, 2), draws(&mut Batches::new(rows, 7, 3, whole.position()), 2));
                let mut again = Batches::new(rows, 7, 3, whole.position());
                assert_eq!(draws(&mut again, 1), draws(&mut whole, 1), "after {drawn} batches");
            }
        }
    }

    #[test]
    fn a_buffer_smaller_than_the_file_still_shuffles_and_leaves_nothing_out() {
        let excluded = vec![3, 4, 999];
        let (_folder, file) = filed(1000, excluded.clone(), 128);
        let mut batches = start(&file, 997, 5);
        let order = draws(&mut batches, 1);
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..1000).filter(|&row| !excluded.contains(&(row as u64))).collect::<Vec<_>>());
        // Buffers of 128 rows come from all over the file: their spread is that of the file, not of
        // 128 neighbours.
        let spread = |rows: &[usize]| {
            let mean = rows.iter().sum::<usize>() as f64 / rows.len() as f64;
            (rows.iter().map(|&row| (row as f64 - mean).powi(2)).sum::<f64>() / rows.len() as f64).sqrt()
        };
        assert!(spread(&order[..128]) > 150.0, "{}", spread(&order[..128]));
        let neighbours = order.windows(2).filter(|pair| pair[0].abs_diff(pair[1]) == 1).count();
        assert!(neighbours < 150, "{neighbours} of 996 pairs stand side by side in the file too");
    }

    #[test]
    fn buffers_without_a_row_are_passed_over() {
        // The first buffers hold excluded rows only, whatever the order.
        for (seed, kept) in (0..20).zip([200, 500, 1000, 1].into_iter().cycle()) {
            let (_folder, file) = filed(2000, (0..2000 - kept).collect(), 256);
            let mut order = draws(&mut start(&file, kept as usize, seed), 2);
            order.sort_unstable();
            order.dedup();
            assert_eq!(order, (2000 - kept as usize..2000).collect::<Vec<_>>());
        }
    }

    #[test]
    fn noise_is_drawn_anew_each_epoch_and_found_again() {
        let rows = numbered(12);
        let discrete = [DiscreteFeature { feature: 0, step: 0.5, origin: 0.0 }];
        let noise = Dequantizer::new(&discrete, 1);
        let (_folder, file) = filed(12, vec![], 16);
        let file = file.dequantized(noise.clone());
        let memory = InMemory::from(rows.view()).dequantized(noise.as_ref());
        for rows in [Rows::from(memory), Rows::from(&file)] {
            let mut batches = start(rows, 4, 7);
            let mut epoch = || -> Vec<f64> {
                let mut drawn: Vec<f64> = (0..3).flat_map(|_| batches.draw().unwrap().column(0).to_vec()).collect();
                drawn.sort_unstable_by(f64::total_cmp);
                drawn
            };
            let (first, second) = (epoch(), epoch());
            assert!(first.iter().zip(0..).all(|(value, row)| (value - f64::from(row)).abs() <= 0.25));
            assert!(first.iter().zip(&second).all(|(a, b)| a != b));
            let at = Position { epoch: 1, next: 4 };
            let mut again = Batches::new(rows, 4, 7, at);
            let mut whole = start(rows, 4, 7);
            (0..4).for_each(|_| drop(whole.draw().unwrap().to_owned()));
            assert_eq!(again.draw().unwrap(), whole.draw().unwrap());
        }
        // One draw for everything that sees the rows once.
        let passed = |rows: Rows<'_, f64>| {
            let mut passed = Vec::new();
            rows.pass(&mut |block| {
                passed.extend(block.iter().copied());
                Ok(())
            })
            .unwrap();
            passed
        };
        assert_eq!(passed(Rows::from(memory)), passed(Rows::from(&file)));
        assert_eq!(passed(Rows::from(memory)), Rows::from(memory).sample(12).unwrap().into_raw_vec_and_offset().0);
        assert_ne!(passed(Rows::from(memory)), passed(Rows::from(&rows)));
    }

    #[test]
    fn a_pass_over_a_file_shows_what_memory_shows() {
        let (_folder, file) = filed(300, vec![7, 8, 250], 64);
        let kept: Vec<usize> = (0..300).filter(|row| ![7, 8, 250].contains(row)).collect();
        let memory = numbered(300).select(ndarray::Axis(0), &kept);
        let hash = |rows: Rows<'_, f64>| rows.fingerprint("rows").unwrap();
        assert_eq!(hash(Rows::from(&file)), hash(Rows::from(&memory)));
        assert_ne!(hash(Rows::from(&file)), hash(Rows::from(&numbered(297))));
        let blocks = |rows: Rows<'_, f64>| {
            let mut shapes = Vec::new();
            rows.pass(&mut |block| {
                shapes.push((block.nrows(), block.iter().sum::<f64>()));
                Ok(())
            })
            .unwrap();
            shapes
        };
        assert_eq!(blocks(Rows::from(&file)), blocks(Rows::from(&memory)));
        for count in [1, 7, 100, 1000] {
            let (filed, held) = (Rows::<f64>::from(&file), Rows::from(&memory));
            assert_eq!(filed.sample(count).unwrap(), held.sample(count).unwrap());
        }
    }

    #[test]
    fn blocks_of_a_pass_do_not_depend_on_the_buffer() {
        let memory = numbered(10_000);
        let kept = memory.slice_axis(Axis(0), Slice::from(2..));
        for buffer in [16, 100, 5000, 100_000] {
            let (_folder, file) = filed(10_000, vec![1, 0, 1], buffer);
            assert_eq!((file.count(), file.features()), (9998, 2));
            let mut from = 0;
            let mut seen = Vec::new();
            Rows::from(&file)
                .pass(&mut |block: ArrayView2<'_, f64>| {
                    let same = kept.slice_axis(Axis(0), Slice::from(from..from + block.nrows()));
                    assert_eq!(block, same);
                    from += block.nrows();
                    seen.push(block.nrows());
                    Ok(())
                })
                .unwrap();
            assert_eq!(seen, [4096, 4096, 1806], "a buffer of {buffer} rows");
        }
    }
}
