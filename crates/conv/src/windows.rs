//! Windows that kernels look at, as rows of a matrix: a strided convolution is a product with it.

use pdmap_core::Real;

/// Channel-major numbers `[C, H, W]`, blocks of them, and the windows that the kernels of each block look at.
///
/// Block `b` is row `b` of `[blocks, N]`, position-major. Its window is row `b` of `[blocks, C·U·V]`: input channel `i` at position
/// `(b_y·K_h + u − offset_h, b_x·K_w + v − offset_w)`, wrapped, is number `(i·U + u)·V + v`.
#[derive(Debug, Clone)]
pub(crate) struct Windows {
    channels: usize,
    size: [usize; 2],
    period: [usize; 2],
    blocks: [usize; 2],
    taps: [usize; 2],
    /// Row of the image for each `(b_y, u)`, and column for each `(b_x, v)`.
    rows: Vec<usize>,
    columns: Vec<usize>,
}

impl Windows {
    /// For a size that the period divides.
    pub(crate) fn new(
        channels: usize,
        size: [usize; 2],
        period: [usize; 2],
        taps: [usize; 2],
        offset: [isize; 2],
    ) -> Self {
        let blocks = [size[0] / period[0], size[1] / period[1]];
        let places = |axis: usize| -> Vec<usize> {
            let length = size[axis] as isize;
            let place = |b: usize, j: usize| {
                ((b * period[axis] + j) as isize - offset[axis] % length).rem_euclid(length) as usize
            };
            (0..blocks[axis]).flat_map(|b| (0..taps[axis]).map(move |j| place(b, j))).collect()
        };
        let (rows, columns) = (places(0), places(1));
        Self { channels, size, period, blocks, taps, rows, columns }
    }

    /// Blocks, along both axes together.
    pub(crate) fn count(&self) -> usize {
        self.blocks[0] * self.blocks[1]
    }

    /// Numbers of a window.
    pub(crate) fn width(&self) -> usize {
        self.channels * self.taps[0] * self.taps[1]
    }

    /// Numbers of a block.
    pub(crate) fn side(&self) -> usize {
        self.channels * self.period[0] * self.period[1]
    }

    /// Numbers of a signal.
    pub(crate) fn len(&self) -> usize {
        self.channels * self.size[0] * self.size[1]
    }

    /// Writes the windows of `x` to `windows`.
    pub(crate) fn gather<F: Real>(&self, x: &[F], windows: &mut [F]) {
        let mut windows = windows.iter_mut();
        self.visit(|place| {
            if let (Some(number), Some(&value)) = (windows.next(), x.get(place)) {
                *number = value;
            }
        });
    }

    /// Adds the windows to the places that they came from: the transpose of [`gather`](Self::gather).
    pub(crate) fn scatter_add<F: Real>(&self, windows: &[F], x: &mut [F]) {
        let mut windows = windows.iter();
        self.visit(|place| {
            if let (Some(&number), Some(value)) = (windows.next(), x.get_mut(place)) {
                *value += number;
            }
        });
    }

    /// Calls `visit` with the place in `[C, H, W]` of each number of each window, in order.
    fn visit(&self, mut visit: impl FnMut(usize)) {
        let [height, width] = self.size;
        for rows in self.rows.chunks_exact(self.taps[0]) {
            for columns in self.columns.chunks_exact(self.taps[1]) {
                for channel in 0..self.channels {
                    for row in rows {
                        let start = (channel * height + row) * width;
                        columns.iter().for_each(|column| visit(start + column));
                    }
                }
            }
        }
    }

    /// Writes the blocks of `x` to `blocks`.
    pub(crate) fn to_blocks<F: Real>(&self, x: &[F], blocks: &mut [F]) {
        let mut blocks = blocks.iter_mut();
        self.visit_blocks(|place| {
            if let (Some(number), Some(&value)) = (blocks.next(), x.get(place)) {
                *number = value;
            }
        });
    }

    /// Writes blocks to the signal that they are the blocks of.
    pub(crate) fn from_blocks<F: Real>(&self, blocks: &[F], x: &mut [F]) {
        let mut blocks = blocks.iter();
        self.visit_blocks(|place| {
            if let (Some(&number), Some(value)) = (blocks.next(), x.get_mut(place)) {
                *value = number;
            }
        });
    }

    fn visit_blocks(&self, mut visit: impl FnMut(usize)) {
        let ([height, width], [rows, columns]) = (self.size, self.period);
        for (b_y, b_x) in pairs(self.blocks) {
            for (p, q) in pairs([rows, columns]) {
                for channel in 0..self.channels {
                    visit((channel * height + b_y * rows + p) * width + b_x * columns + q);
                }
            }
        }
    }
}

/// All `(i, j)` below the two ends, row by row.
pub(crate) fn pairs([rows, columns]: [usize; 2]) -> impl Iterator<Item = (usize, usize)> {
    (0..rows).flat_map(move |i| (0..columns).map(move |j| (i, j)))
}
