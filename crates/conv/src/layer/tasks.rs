//! Splits the blocks of a batch into tasks by size alone, so that no bit depends on the number of
//! threads.

use super::small;

/// Numbers per task: enough to pay for the hand-over, few enough for the cache.
const GRAIN: usize = 16_384;

/// Minimum numbers per task, in multiples of the size of the matrix, so that sums of outer products
/// stay small compared with their operands.
const MATRICES: usize = 4;

/// The blocks of one stage in a row of `features` numbers: `count` of `side` numbers each, followed
/// by the numbers outside all blocks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Blocks {
    pub(crate) side: usize,
    pub(crate) count: usize,
    pub(crate) features: usize,
}

/// The part of a batch that one task processes: some whole rows, or some blocks of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Task {
    /// First row.
    pub(crate) row: usize,
    /// Number of rows.
    pub(crate) rows: usize,
    /// First block in each row.
    pub(crate) first: usize,
    /// Number of blocks in each row.
    pub(crate) blocks: usize,
    /// Numbers after the blocks in each row.
    pub(crate) rest: usize,
}

/// The tasks of a batch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    blocks: Blocks,
    rows: usize,
    rows_a_task: usize,
    chunks: usize,
    blocks_a_chunk: usize,
}

impl Blocks {
    /// Numbers inside blocks.
    pub(crate) fn covered(&self) -> usize {
        self.side * self.count
    }

    /// Whether [`small`] handles the blocks.
    pub(crate) fn is_small(&self) -> bool {
        self.side <= small::MOST
    }

    /// The tasks of a batch of `rows` rows.
    pub(crate) fn plan(&self, rows: usize) -> Plan {
        let grain = GRAIN.max(MATRICES * self.side * self.side);
        let blocks_a_chunk = if self.features <= grain { self.count.max(1) } else { (grain / self.side).max(1) };
        let chunks = self.count.div_ceil(blocks_a_chunk).max(1);
        let rows_a_task = if chunks > 1 { 1 } else { (grain / self.features.max(1)).max(1) };
        Plan { blocks: *self, rows, rows_a_task, chunks, blocks_a_chunk }
    }
}

impl Plan {
    /// Number of tasks.
    pub(crate) fn tasks(&self) -> usize {
        self.rows.div_ceil(self.rows_a_task) * self.chunks
    }

    fn task(&self, index: usize) -> Task {
        let (row, chunk) = (index / self.chunks * self.rows_a_task, index % self.chunks);
        let first = chunk * self.blocks_a_chunk;
        let last = chunk + 1 == self.chunks;
        Task {
            row,
            rows: self.rows_a_task.min(self.rows - row),
            first,
            blocks: self.blocks_a_chunk.min(self.blocks.count - first),
            rest: if last { self.blocks.features - self.blocks.covered() } else { 0 },
        }
    }

    /// Index in the batch of a task's first number.
    fn start(&self, index: usize) -> usize {
        if index >= self.tasks() {
            return self.rows * self.blocks.features;
        }
        let Task { row, first, .. } = self.task(index);
        row * self.blocks.features + first * self.blocks.side
    }

    /// Runs all tasks. Each receives its part of each of the `buffers`, which have one number per
    /// number of the batch, and its own `partial` numbers of `partials`.
    pub(crate) fn run<F: Send, const N: usize>(
        &self,
        buffers: [&mut [F]; N],
        (partial, partials): (usize, &mut [F]),
        body: &(impl Fn(Task, [&mut [F]; N], &mut [F]) + Sync),
    ) {
        if self.rows > 0 && self.blocks.features > 0 {
            self.share((0, self.tasks()), buffers, (partial, partials), body);
        }
    }

    fn share<F: Send, const N: usize>(
        &self,
        (from, to): (usize, usize),
        buffers: [&mut [F]; N],
        (partial, partials): (usize, &mut [F]),
        body: &(impl Fn(Task, [&mut [F]; N], &mut [F]) + Sync),
    ) {
        if to - from <= 1 {
            return body(self.task(from), buffers, partials);
        }
        let middle = from.midpoint(to);
        let at = self.start(middle) - self.start(from);
        let mut right: [&mut [F]; N] = std::array::from_fn(|_| &mut [][..]);
        let left = buffers.map(|buffer| buffer.split_at_mut(at));
        let left = {
            let mut right = right.iter_mut();
            left.map(|(before, behind)| {
                if let Some(right) = right.next() {
                    *right = behind;
                }
                before
            })
        };
        let (first, second) = partials.split_at_mut((middle - from) * partial);
        rayon::join(
            || self.share((from, middle), left, (partial, first), body),
            || self.share((middle, to), right, (partial, second), body),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::{Blocks, GRAIN, MATRICES};

    #[test]
    fn every_number_has_one_task() {
        for (side, count, features, rows) in [
            (8, 4, 32, 5),
            (8, 4, 35, 2000),
            (8, 3000, 24_007, 3),
            (300, 2000, 600_001, 2),
            (20_000, 2, 40_001, 2),
            (3, 0, 2, 4),
            (5, 9000, 45_000, 1),
            (4, 2, 8, 0),
        ] {
            let plan = Blocks { side, count, features }.plan(rows);
            let (mut buffer, mut other) = (vec![0_u32; rows * features], vec![0_u32; rows * features]);
            let mut partials = vec![0_u32; plan.tasks() * 2];
            plan.run([&mut buffer, &mut other], (2, &mut partials), &|task, [a, b], partial| {
                assert_eq!(a.len(), task.rows * (task.blocks * side + task.rest));
                let most = GRAIN.max(MATRICES * side * side) + features - side * count;
                assert!(a.len() <= most, "{task:?}: {} numbers", a.len());
                a.iter_mut().for_each(|number| *number += 1);
                b.iter_mut().for_each(|number| *number += task.row as u32 + 1);
                partial.iter_mut().for_each(|number| *number += 1);
            });
            assert!(buffer.iter().chain(&partials).all(|&number| number == 1));
            assert!(other.iter().all(|&number| number >= 1));
        }
    }
}
