//! Moments of the sources for an unmixing matrix, by one pass over the rows.

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis};
use pdmap_core::linalg::{Add, gemm};
use pdmap_core::parallel::run_vectorized;
use pdmap_core::{LayerError, Result, check};
use rayon::prelude::*;

use super::density::SourceDensity;
use super::pass::{ColumnSums, HeavyTailed, MOST_ROWS, Scores, Tanh};
use super::sample::Sample;

/// Numbers of a block of sources: two of them stay in the second-level cache.
const BLOCK: usize = 1 << 15;

/// Least rows of a block.
const LEAST_ROWS: usize = 64;

/// Parts of the rows of one visit, each summed by one thread at a time, and then in order, so that
/// results do not depend on the number of threads.
const PARTS: usize = 16;

/// Seed of the choice of these rows.
const SEED: u64 = 0;

/// Called with one block of rows.
pub type Visit<'a> = dyn FnMut(ArrayView2<'_, f64>) -> Result<()> + 'a;

/// Makes one pass over the rows: calls its argument with blocks of them in order.
pub type Passes<'a, E = LayerError> = dyn FnMut(&mut Visit<'_>) -> Result<(), E> + 'a;

/// Means over rows for `y = W x`, with the score `t`, its slope `t'` and the energy `∫ t` of the
/// density before a sign and a quadratic part: tanh and log cosh, or those of heavy tails.
#[derive(Debug, Clone)]
pub(super) struct Moments {
    /// `E[t(y) yᵀ]`.
    pub(super) score: Array2<f64>,
    /// `E[y yᵀ]`.
    pub(super) products: Array2<f64>,
    /// `E ∫ t(y)`.
    pub(super) energy: Vec<f64>,
    /// `E t'(y)`.
    pub(super) slope: Vec<f64>,
    /// `E[t'(y) y²]`.
    pub(super) slope_square: Vec<f64>,
}

impl Moments {
    /// `E y_i²`.
    pub(super) fn variance(&self, source: usize) -> f64 {
        self.products[[source, source]]
    }
}

/// Rows whose sources are measured, and memory for it.
pub(super) struct Rows<'p, 'a, E> {
    passes: &'p mut Passes<'a, E>,
    count: usize,
    density: SourceDensity,
    /// `E[x xᵀ]`.
    covariance: Array2<f64>,
    parts: Vec<Part>,
}

/// Sums over a part of the rows.
#[derive(Debug, Default)]
struct Part {
    y: Vec<f64>,
    score: Vec<f64>,
    products: Array2<f64>,
    sums: ColumnSums,
}

impl<'p, 'a, E: From<LayerError>> Rows<'p, 'a, E> {
    /// Reads all rows once, and returns some of them, which are spread evenly: at most as many as hold
    /// `sampled` numbers.
    ///
    /// # Errors
    /// No rows; rows of different widths; numbers that are not finite.
    pub(super) fn new(
        passes: &'p mut Passes<'a, E>,
        columns: usize,
        density: SourceDensity,
        sampled: usize,
    ) -> Result<(Self, Array2<f64>), E> {
        let (mut count, mut covariance) = (0, Array2::zeros((columns, columns)));
        let mut sample = Sample::new(columns, sampled / columns.max(1), SEED);
        passes(&mut |block| {
            check::features("rows", columns, block.ncols())?;
            check::finite("rows", block.reborrow()).map_err(|error| error.below(count))?;
            count += block.nrows();
            sample.visit(block.reborrow());
            gemm(1.0, block.t(), block, Add::Yes, covariance.view_mut())
        })?;
        if count == 0 {
            return Err(LayerError::NoRows.into());
        }
        covariance /= count as f64;
        Ok((Self { passes, count, density, covariance, parts: Vec::new() }, sample.finish()))
    }

    /// Their number.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The numbers of a row.
    pub(super) fn columns(&self) -> usize {
        self.covariance.nrows()
    }

    /// `E[x xᵀ]`.
    pub(super) fn covariance(&self) -> &Array2<f64> {
        &self.covariance
    }

    /// The moments of `y = W x`.
    pub(super) fn moments(&mut self, unmixing: ArrayView2<'_, f64>) -> Result<Moments, E> {
        let (columns, density) = (unmixing.nrows(), self.density);
        let mut score = Array2::zeros((columns, columns));
        let mut sums = ColumnSums::default();
        sums.clear(columns);
        let parts = &mut self.parts;
        (self.passes)(&mut |block| {
            let size = block.nrows().div_ceil(PARTS).max(LEAST_ROWS);
            let count = block.nrows().div_ceil(size);
            parts.resize_with(parts.len().max(count), Part::default);
            let chunks: Vec<ArrayView2<'_, f64>> = block.axis_chunks_iter(Axis(0), size).collect();
            let work = chunks.into_par_iter().zip(&mut *parts);
            work.try_for_each(|(rows, part)| part.measure(rows, unmixing.reborrow(), density))?;
            for part in &parts[..count] {
                score += &part.products;
                sums.add(&part.sums);
            }
            Ok(())
        })?;
        let count = self.count as f64;
        score /= count;
        let mean = |sums: Vec<f64>| sums.into_iter().map(|sum| sum / count).collect::<Vec<f64>>();
        let products = unmixing.dot(&self.covariance).dot(&unmixing.t());
        let ColumnSums { energy, slope, slope_square, .. } = sums;
        let [energy, slope, slope_square] = [energy, slope, slope_square].map(mean);
        Ok(Moments { score, products, energy, slope, slope_square })
    }
}

impl Part {
    fn measure(
        &mut self,
        rows: ArrayView2<'_, f64>,
        unmixing: ArrayView2<'_, f64>,
        density: SourceDensity,
    ) -> Result<()> {
        let columns = unmixing.nrows();
        let most = (BLOCK / columns.max(1)).clamp(LEAST_ROWS, MOST_ROWS);
        if self.products.dim() != (columns, columns) {
            self.products = Array2::zeros((columns, columns));
        }
        self.products.fill(0.0);
        self.sums.clear(columns);
        self.y.resize(most * columns, 0.0);
        self.score.resize(most * columns, 0.0);
        for block in rows.axis_chunks_iter(Axis(0), most) {
            let (count, size) = (block.nrows(), block.nrows() * columns);
            let (y, score) = (&mut self.y[..size], &mut self.score[..size]);
            gemm(1.0, block, unmixing.t(), Add::No, shaped(y, count, columns)?)?;
            let pass = (&*y, &mut *score, &mut self.sums);
            match density {
                SourceDensity::HeavyTailed => run_vectorized(&Scores(HeavyTailed), pass),
                SourceDensity::LogCosh | SourceDensity::Adaptive => run_vectorized(&Scores(Tanh), pass),
            }
            let (y, score) = (shaped(y, count, columns)?, shaped(score, count, columns)?);
            gemm(1.0, score.t(), y.view(), Add::Yes, self.products.view_mut())?;
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
