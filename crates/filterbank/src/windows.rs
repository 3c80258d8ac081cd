//! The windows of the input that kernels read, as rows of a matrix: a strided convolution is a
//! product with it.

use ndarray::{ArrayView2, ArrayViewMut2};
use pdmap_core::linalg::{Add, gemm};
use pdmap_core::{LayerError, Real, Result};

/// Windows per matrix product.
const WINDOWS: usize = 4096;

/// Index maps between channel-major numbers `[C, H, W]`, their blocks, and the windows that the
/// kernels of each block read.
///
/// Block `b` is row `b` of `[blocks, N]`, position-major. Its window is row `b` of
/// `[blocks, C·U·V]`: number `(i·U + u)·V + v` is input channel `i` at position
/// `(b_y·K_h + u − offset_h, b_x·K_w + v − offset_w)`, wrapped.
#[derive(Debug, Clone)]
pub struct Windows {
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
    /// For a size that is a multiple of the period.
    pub fn new(channels: usize, size: [usize; 2], period: [usize; 2], taps: [usize; 2], offset: [isize; 2]) -> Self {
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

    /// Number of blocks, over both axes.
    pub fn count(&self) -> usize {
        self.blocks[0] * self.blocks[1]
    }

    /// Numbers per window.
    pub fn width(&self) -> usize {
        self.channels * self.taps[0] * self.taps[1]
    }

    /// Numbers per block.
    pub fn side(&self) -> usize {
        self.channels * self.period[0] * self.period[1]
    }

    /// Numbers per signal.
    #[allow(clippy::len_without_is_empty)] // Never empty: every axis has at least one block.
    pub fn len(&self) -> usize {
        self.channels * self.size[0] * self.size[1]
    }

    /// `Y = T X` for rows of signals, where `kernels` is `[N, C·U·V]`.
    ///
    /// # Errors
    /// Slices whose lengths do not match.
    pub fn apply<F: Real>(&self, kernels: ArrayView2<'_, F>, x: &[F], y: &mut [F]) -> Result<()> {
        let mut scratch = self.scratch(x.len());
        let at_once = self.at_once();
        for (x, y) in x.chunks(at_once).zip(y.chunks_mut(at_once)) {
            let windows = self.gather_rows(x, &mut scratch.windows);
            let blocks = scratch.blocks.get_mut(..y.len()).unwrap_or_default();
            let product = matrix_mut(blocks, self.side())?;
            gemm(F::one(), matrix(windows, self.width())?, kernels.t(), Add::No, product)?;
            for (blocks, y) in blocks.chunks_exact(self.len()).zip(y.chunks_exact_mut(self.len())) {
                self.write_blocks(blocks, y);
            }
        }
        Ok(())
    }

    /// `X = Tᵀ Y` for rows of signals.
    ///
    /// # Errors
    /// As [`apply`](Self::apply).
    pub fn adjoint<F: Real>(&self, kernels: ArrayView2<'_, F>, y: &[F], x: &mut [F]) -> Result<()> {
        let mut scratch = self.scratch(y.len());
        let at_once = self.at_once();
        for (y, x) in y.chunks(at_once).zip(x.chunks_mut(at_once)) {
            let blocks = self.block_rows(y, &mut scratch.blocks);
            let size = blocks.len() / self.side() * self.width();
            let windows = scratch.windows.get_mut(..size).unwrap_or_default();
            let product = matrix_mut(windows, self.width())?;
            gemm(F::one(), matrix(blocks, self.side())?, kernels, Add::No, product)?;
            x.fill(F::zero());
            for (windows, x) in windows.chunks_exact(self.row()).zip(x.chunks_exact_mut(self.len())) {
                self.scatter_add(windows, x);
            }
        }
        Ok(())
    }

    /// Adds `Σ_rows Σ_blocks l rᵀ` over the blocks `l` of `left` and the windows `r` of `right`:
    /// `[N, C·U·V]`.
    ///
    /// # Errors
    /// As [`apply`](Self::apply).
    pub fn add_outer<F: Real>(&self, left: &[F], right: &[F], sum: &mut [F]) -> Result<()> {
        let mut scratch = self.scratch(left.len());
        let at_once = self.at_once();
        for (left, right) in left.chunks(at_once).zip(right.chunks(at_once)) {
            let windows = self.gather_rows(right, &mut scratch.windows);
            let blocks = self.block_rows(left, &mut scratch.blocks);
            let (blocks, windows) = (matrix(blocks, self.side())?, matrix(windows, self.width())?);
            gemm(F::one(), blocks.t(), windows, Add::Yes, matrix_mut(sum, self.width())?)?;
        }
        Ok(())
    }

    /// Numbers in the windows of one signal.
    fn row(&self) -> usize {
        self.count() * self.width()
    }

    /// Numbers of the signals processed at a time.
    fn at_once(&self) -> usize {
        (WINDOWS / self.count()).max(1) * self.len()
    }

    fn scratch<F: Real>(&self, numbers: usize) -> Scratch<F> {
        let rows = numbers.min(self.at_once()) / self.len();
        Scratch { windows: vec![F::zero(); rows * self.row()], blocks: vec![F::zero(); rows * self.len()] }
    }

    fn gather_rows<'a, F: Real>(&self, x: &[F], windows: &'a mut [F]) -> &'a [F] {
        let rows = x.chunks_exact(self.len());
        let size = rows.len() * self.row();
        rows.zip(windows.chunks_exact_mut(self.row())).for_each(|(x, windows)| self.gather(x, windows));
        windows.get(..size).unwrap_or_default()
    }

    fn block_rows<'a, F: Real>(&self, x: &[F], blocks: &'a mut [F]) -> &'a [F] {
        let rows = x.chunks_exact(self.len());
        let size = x.len();
        rows.zip(blocks.chunks_exact_mut(self.len())).for_each(|(x, blocks)| self.read_blocks(x, blocks));
        blocks.get(..size).unwrap_or_default()
    }

    /// Writes the windows of `x` to `windows`.
    pub fn gather<F: Real>(&self, x: &[F], windows: &mut [F]) {
        let mut windows = windows.iter_mut();
        self.visit(|place| {
            if let (Some(number), Some(&value)) = (windows.next(), x.get(place)) {
                *number = value;
            }
        });
    }

    /// Adds the windows to the positions that they came from: the transpose of
    /// [`gather`](Self::gather).
    pub fn scatter_add<F: Real>(&self, windows: &[F], x: &mut [F]) {
        let mut windows = windows.iter();
        self.visit(|place| {
            if let (Some(&number), Some(value)) = (windows.next(), x.get_mut(place)) {
                *value += number;
            }
        });
    }

    /// Calls `visit` with the index in `[C, H, W]` of each number of each window, in order.
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
    pub fn read_blocks<F: Real>(&self, x: &[F], blocks: &mut [F]) {
        let mut blocks = blocks.iter_mut();
        self.visit_blocks(|place| {
            if let (Some(number), Some(&value)) = (blocks.next(), x.get(place)) {
                *number = value;
            }
        });
    }

    /// Writes `blocks` back to the signal `x`.
    pub fn write_blocks<F: Real>(&self, blocks: &[F], x: &mut [F]) {
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

/// Scratch memory of one pass.
struct Scratch<F> {
    windows: Vec<F>,
    blocks: Vec<F>,
}

/// The numbers as rows of length `columns`.
fn matrix<F: Real>(numbers: &[F], columns: usize) -> Result<ArrayView2<'_, F>> {
    ArrayView2::from_shape((numbers.len() / columns, columns), numbers).map_err(|_| uneven(numbers.len(), columns))
}

/// The numbers as rows of length `columns`, for writing.
///
/// # Errors
/// A length that is not a multiple of `columns`.
pub fn matrix_mut<F: Real>(numbers: &mut [F], columns: usize) -> Result<ArrayViewMut2<'_, F>> {
    let size = numbers.len();
    ArrayViewMut2::from_shape((size / columns, columns), numbers).map_err(|_| uneven(size, columns))
}

fn uneven(numbers: usize, columns: usize) -> LayerError {
    LayerError::Shape { what: "rows of a matrix", expected: vec![columns], actual: vec![numbers] }
}

/// All `(i, j)` with `i < rows` and `j < columns`, row by row.
pub fn pairs([rows, columns]: [usize; 2]) -> impl Iterator<Item = (usize, usize)> {
    (0..rows).flat_map(move |i| (0..columns).map(move |j| (i, j)))
}
