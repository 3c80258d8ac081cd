//! Passes over rows in blocks, repeated as often as a fit needs: over rows in memory, or over a
//! file larger than memory.

use ndarray::{Array1, ArrayView2, Axis, Zip};
use pdmap_core::{LayerError, Real, Result};

/// Rows per block of rows in memory. Sums run over blocks in order, so a file read in blocks of
/// this size gives the same bits.
const BLOCK: usize = 4096;

/// Called with one block of rows.
pub type Visit<'a, F> = dyn FnMut(ArrayView2<'_, F>) -> Result<(), LayerError> + 'a;

/// Makes one pass: calls the visitor with all rows, block by block.
pub type Passes<'a, F, E> = dyn FnMut(&mut Visit<'_, F>) -> Result<(), E> + 'a;

/// Rows in memory, in blocks.
pub(super) fn in_blocks<'a, F: Real>(
    rows: ArrayView2<'a, F>,
) -> impl FnMut(&mut Visit<'_, F>) -> Result<(), LayerError> + 'a {
    move |visit| rows.axis_chunks_iter(Axis(0), BLOCK).try_for_each(visit)
}

/// Moments of each feature in `f64`.
pub(super) struct Moments {
    /// The number of rows.
    pub(super) count: usize,
    pub(super) mean: Array1<f64>,
    /// Standard deviation (divisor: number of rows).
    pub(super) deviation: Array1<f64>,
    /// Largest distance of a row from the mean.
    pub(super) reach: Array1<f64>,
}

/// The moments of each feature; two passes.
pub(super) fn moments<F: Real, E: From<LayerError>>(passes: &mut Passes<'_, F, E>) -> Result<Moments, E> {
    let (mut count, mut mean) = (0, Array1::<f64>::zeros(0));
    passes(&mut |block| {
        if count == 0 {
            mean = Array1::zeros(block.ncols());
        }
        pdmap_core::check::finite("rows", block.reborrow()).map_err(|error| error.below(count))?;
        count += block.nrows();
        for row in block.rows() {
            mean.zip_mut_with(&row, |mean, x| *mean += x.f64());
        }
        Ok(())
    })?;
    if count == 0 {
        return Err(LayerError::NoRows.into());
    }
    mean /= count as f64;
    let (mut variance, mut reach) = (Array1::<f64>::zeros(mean.len()), Array1::<f64>::zeros(mean.len()));
    passes(&mut |block| {
        for row in block.rows() {
            Zip::from(&mut variance).and(&mut reach).and(&row).and(&mean).for_each(|variance, reach, x, mean| {
                let distance = x.f64() - mean;
                *variance += distance.powi(2);
                *reach = reach.max(distance.abs());
            });
        }
        Ok(())
    })?;
    Ok(Moments { count, mean, deviation: (variance / count as f64).mapv(f64::sqrt), reach })
}
