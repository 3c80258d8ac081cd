//! Orders of the numbers of a row, one for each stage.

use pdmap_filterbank::Alignment;

use super::geometry::{Geometry, Output};

/// An order of the numbers of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// `[C, n]` or `[C, H, W]`.
    Flat,
    /// Subbands as channels.
    Subbands,
    /// The blocks of a grid one after the other, each position-major (`t·C + c`), then the numbers
    /// outside all blocks.
    Blocks(Alignment),
}

impl Order {
    /// The order of a convolution's outputs.
    pub(crate) fn of(output: Output) -> Self {
        match output {
            Output::Interleaved => Self::Flat,
            Output::Subbands => Self::Subbands,
        }
    }

    /// For each index in this order, the feature of the flat row: a permutation.
    pub(crate) fn permutation(self, geometry: &Geometry) -> Vec<u32> {
        match self {
            Self::Flat => (0..geometry.features() as u32).collect(),
            Self::Subbands => subbands(geometry),
            Self::Blocks(grid) => blocks(geometry, grid),
        }
    }
}

/// Feature of channel `c` at row `y` and column `x`, wrapped. There are at most 2²⁴ features, so
/// `u32` suffices.
fn feature(geometry: &Geometry, c: usize, y: usize, x: usize) -> u32 {
    let [height, width] = geometry.size();
    ((c * height + y % height) * width + x % width) as u32
}

fn blocks(geometry: &Geometry, grid: Alignment) -> Vec<u32> {
    let [rows, columns] = geometry.periods();
    let (shift_y, shift_x) = if grid == Alignment::Shifted { (rows / 2, columns / 2) } else { (0, 0) };
    // The channels that come from the next position, and its offset.
    let (moved, next) = match grid {
        Alignment::Channels(0) => (geometry.channels() / 2, (1, 0)),
        Alignment::Channels(_) => (geometry.channels() / 2, (0, 1)),
        Alignment::Whole | Alignment::Shifted => (0, (0, 0)),
    };
    let [down, across] = geometry.blocks(grid);
    let mut features = Vec::with_capacity(geometry.features());
    for (block_y, block_x) in pairs(down, across) {
        for (u, v) in pairs(rows, columns) {
            for c in 0..geometry.channels() {
                let (more_y, more_x) = if c < moved { next } else { (0, 0) };
                let y = shift_y + block_y * rows + u + more_y;
                let x = shift_x + block_x * columns + v + more_x;
                features.push(feature(geometry, c, y, x));
            }
        }
    }
    if features.len() < geometry.features() {
        let mut covered = vec![false; geometry.features()];
        features.iter().for_each(|&index| covered[index as usize] = true);
        features.extend((0..geometry.features() as u32).filter(|&index| !covered[index as usize]));
    }
    features
}

fn subbands(geometry: &Geometry) -> Vec<u32> {
    let [rows, columns] = geometry.periods();
    let [down, across] = geometry.blocks(Alignment::Whole);
    let mut features = Vec::with_capacity(geometry.features());
    for (u, v) in pairs(rows, columns) {
        for c in 0..geometry.channels() {
            for (block_y, block_x) in pairs(down, across) {
                features.push(feature(geometry, c, block_y * rows + u, block_x * columns + v));
            }
        }
    }
    features
}

/// All `(i, j)` with `i < rows` and `j < columns`, row by row.
fn pairs(rows: usize, columns: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..rows).flat_map(move |i| (0..columns).map(move |j| (i, j)))
}
