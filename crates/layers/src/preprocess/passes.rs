//! Passes over rows in blocks, repeated as often as a fit needs: over rows in memory, or over a
//! file larger than memory.

use ndarray::{Array1, ArrayView2, Axis, Zip};
use pdmap_core::{LayerError, Real, Result};

/// Rows per block of rows in memory. Sums run over blocks in order, so a file read in blocks of
/// this size gives the same bits.
const BLOCK: usize = 4096;

/// Called with one block of rows, and the weight of each: a row of weight `w` counts as `w` equal
/// rows, and without weights once.
pub type Visit<'a, F> = dyn FnMut(ArrayView2<'_, F>, Option<&[f64]>) -> Result<(), LayerError> + 'a;

/// Makes one pass: calls the visitor with all rows, block by block.
pub type Passes<'a, F, E> = dyn FnMut(&mut Visit<'_, F>) -> Result<(), E> + 'a;

/// Rows in memory, in blocks, with their weights.
pub(super) fn in_blocks<'a, F: Real>(
    rows: ArrayView2<'a, F>,
    weights: Option<&'a [f64]>,
) -> impl FnMut(&mut Visit<'_, F>) -> Result<(), LayerError> + 'a {
    move |visit| {
        let mut blocks = rows.axis_chunks_iter(Axis(0), BLOCK).enumerate();
        blocks.try_for_each(|(index, block)| {
            let from = index * BLOCK;
            let own = weights.map(|weights| &weights[from..from + block.nrows()]);
            visit(block, own)
        })
    }
}

/// The weight of a row of a block.
pub(super) fn weight(weights: Option<&[f64]>, row: usize) -> f64 {
    weights.map_or(1.0, |weights| weights[row])
}

/// Moments of each feature in `f64`.
pub(super) struct Moments {
    /// The number of rows.
    pub(super) count: usize,
    /// The sum of their weights.
    pub(super) total: f64,
    pub(super) mean: Array1<f64>,
    /// Standard deviation (divisor: sum of the weights).
    pub(super) deviation: Array1<f64>,
    /// Largest distance of a row from the mean.
    pub(super) reach: Array1<f64>,
}

/// The moments of each feature; two passes.
pub(super) fn moments<F: Real, E: From<LayerError>>(passes: &mut Passes<'_, F, E>) -> Result<Moments, E> {
    let (mut count, mut total, mut mean) = (0, 0.0, Array1::<f64>::zeros(0));
    passes(&mut |block, weights| {
        if count == 0 {
            mean = Array1::zeros(block.ncols());
        }
        pdmap_core::check::finite("rows", block.reborrow()).map_err(|error| error.below(count))?;
        count += block.nrows();
        for (index, row) in block.rows().into_iter().enumerate() {
            let weight = weight(weights, index);
            total += weight;
            mean.zip_mut_with(&row, |mean, x| *mean += weight * x.f64());
        }
        Ok(())
    })?;
    if count == 0 || total <= 0.0 {
        return Err(LayerError::NoRows.into());
    }
    mean /= total;
    let (mut variance, mut reach) = (Array1::<f64>::zeros(mean.len()), Array1::<f64>::zeros(mean.len()));
    passes(&mut |block, weights| {
        let counts = |(index, _): &(usize, _)| weight(weights, *index) > 0.0;
        for (index, row) in block.rows().into_iter().enumerate().filter(counts) {
            let weight = weight(weights, index);
            Zip::from(&mut variance).and(&mut reach).and(&row).and(&mean).for_each(|variance, reach, x, mean| {
                let distance = x.f64() - mean;
                *variance += weight * distance.powi(2);
                *reach = reach.max(distance.abs());
            });
        }
        Ok(())
    })?;
    Ok(Moments { count, total, mean, deviation: (variance / total).mapv(f64::sqrt), reach })
}
