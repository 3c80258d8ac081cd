//! Moments of the sources for an unmixing matrix, by one pass over the rows.

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis};
use pdmap_core::linalg::{Add, gemm};
use pdmap_core::parallel::run_vectorized;
use pdmap_core::{LayerError, Result, check};
use rayon::prelude::*;

use super::pass::{ColumnSums, MOST_ROWS, Tanh};

/// Numbers of a block of sources: two of them stay in the second-level cache.
const BLOCK: usize = 1 << 15;

/// Least rows of a block.
const LEAST_ROWS: usize = 64;

/// Parts of the rows of one visit, each summed by one thread at a time, and then in order, so that
/// results do not depend on the number of threads.
const PARTS: usize = 16;

/// Makes one pass over the rows: calls its argument with blocks of them in order.
pub type Passes<'a> = dyn FnMut(&mut dyn FnMut(ArrayView2<'_, f64>) -> Result<()>) -> Result<()> + 'a;

/// Means over rows for `y = W x`.
#[derive(Debug, Clone)]
pub(super) struct Moments {
    /// `E[tanh(y) yᵀ]`.
    pub(super) tanh: Array2<f64>,
    /// `E[y yᵀ]`.
    pub(super) products: Array2<f64>,
    /// `E log cosh y`.
    pub(super) log_cosh: Vec<f64>,
    /// `E[1 − tanh² y]`.
    pub(super) slope: Vec<f64>,
    /// `E[(1 − tanh² y) y²]`.
    pub(super) slope_square: Vec<f64>,
}

impl Moments {
    /// `E y_i²`.
    pub(super) fn variance(&self, source: usize) -> f64 {
        self.products[[source, source]]
    }
}

/// Rows whose sources are measured, and memory for it.
pub(super) struct Rows<'p, 'a> {
    passes: &'p mut Passes<'a>,
    count: f64,
    /// `E[x xᵀ]`.
    covariance: Array2<f64>,
    parts: Vec<Part>,
}

/// Sums over a part of the rows.
#[derive(Debug, Default)]
struct Part {
    y: Vec<f64>,
    tanh: Vec<f64>,
    products: Array2<f64>,
    sums: ColumnSums,
}

impl<'p, 'a> Rows<'p, 'a> {
    /// Reads all rows once.
    ///
    /// # Errors
    /// No rows; rows of different widths; numbers that are not finite.
    pub(super) fn new(passes: &'p mut Passes<'a>, columns: usize) -> Result<Self> {
        let (mut count, mut covariance) = (0, Array2::zeros((columns, columns)));
        passes(&mut |block| {
            check::features("rows", columns, block.ncols())?;
            check::finite("rows", block.reborrow()).map_err(|error| error.below(count))?;
            count += block.nrows();
            gemm(1.0, block.t(), block, Add::Yes, covariance.view_mut())
        })?;
        if count == 0 {
            return Err(LayerError::NoRows);
        }
        covariance /= count as f64;
        Ok(Self { passes, count: count as f64, covariance, parts: Vec::new() })
    }

    /// The moments of `y = W x`.
    pub(super) fn moments(&mut self, unmixing: ArrayView2<'_, f64>) -> Result<Moments> {
        let columns = unmixing.nrows();
        let mut tanh = Array2::zeros((columns, columns));
        let mut sums = ColumnSums::default();
        sums.clear(columns);
        let parts = &mut self.parts;
        (self.passes)(&mut |block| {
            let size = block.nrows().div_ceil(PARTS).max(LEAST_ROWS);
            let count = block.nrows().div_ceil(size);
            parts.resize_with(parts.len().max(count), Part::default);
            let chunks: Vec<ArrayView2<'_, f64>> = block.axis_chunks_iter(Axis(0), size).collect();
            let work = chunks.into_par_iter().zip(&mut *parts);
            work.try_for_each(|(rows, part)| part.measure(rows, unmixing.reborrow()))?;
            for part in &parts[..count] {
                tanh += &part.products;
                sums.add(&part.sums);
            }
            Ok(())
        })?;
        tanh /= self.count;
        let mean = |sums: Vec<f64>| sums.into_iter().map(|sum| sum / self.count).collect::<Vec<f64>>();
        let products = unmixing.dot(&self.covariance).dot(&unmixing.t());
        let ColumnSums { log_cosh, slope, slope_square, .. } = sums;
        let [log_cosh, slope, slope_square] = [log_cosh, slope, slope_square].map(mean);
        Ok(Moments { tanh, products, log_cosh, slope, slope_square })
    }
}

impl Part {
    fn measure(&mut self, rows: ArrayView2<'_, f64>, unmixing: ArrayView2<'_, f64>) -> Result<()> {
        let columns = unmixing.nrows();
        let most = (BLOCK / columns.max(1)).clamp(LEAST_ROWS, MOST_ROWS);
        if self.products.dim() != (columns, columns) {
            self.products = Array2::zeros((columns, columns));
        }
        self.products.fill(0.0);
        self.sums.clear(columns);
        self.y.resize(most * columns, 0.0);
        self.tanh.resize(most * columns, 0.0);
        for block in rows.axis_chunks_iter(Axis(0), most) {
            let (count, size) = (block.nrows(), block.nrows() * columns);
            let (y, tanh) = (&mut self.y[..size], &mut self.tanh[..size]);
            gemm(1.0, block, unmixing.t(), Add::No, shaped(y, count, columns)?)?;
            run_vectorized(&Tanh, (&*y, &mut *tanh, &mut self.sums));
            let (y, tanh) = (shaped(y, count, columns)?, shaped(tanh, count, columns)?);
            gemm(1.0, tanh.t(), y.view(), Add::Yes, self.products.view_mut())?;
        }
        Ok(())
    }
}

/// Numbers as a matrix.
fn shaped(data: &mut [f64], rows: usize, columns: usize) -> Result<ArrayViewMut2<'_, f64>> {
    let actual = vec![data.len()];
    let unfit = |_| LayerError::Shape { what: "sources", expected: vec![rows, columns], actual };
    ArrayViewMut2::from_shape((rows, columns), data).map_err(unfit)
}
