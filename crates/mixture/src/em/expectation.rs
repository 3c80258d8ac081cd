//! The E-step, and the sums of the M-step, in one pass over the rows.

use pdmap_core::LayerError;
use pdmap_core::linalg::{Add, gemm};
use pdmap_core::parallel::{Pass, lane_sum, run_vectorized};
use rayon::prelude::*;

use super::design::Design;
use super::scatter::{matrix, matrix_mut};
use crate::error::Result;
use crate::posterior::Posterior;

/// Numbers of a block of monomials: they stay in the second-level cache between two products.
const BLOCK: usize = 1 << 15;

/// Least and most rows of a block.
const ROWS: [usize; 2] = [32, 512];

/// Parts of the rows, each summed by one thread at a time. Sums over parts are added in order, so
/// that results do not depend on the number of threads.
const PARTS: usize = 16;

/// Least rows of a part.
const PART: usize = 512;

/// What decides which components a row belongs to.
#[derive(Debug, Clone, Copy)]
pub(super) enum Source<'a> {
    /// Coefficients of the monomials for each component, `[K, monomials]`.
    Coefficients(&'a [f64]),
    /// The one component of each row.
    Labels(&'a [usize]),
}

/// Memory of the passes over some rows.
#[derive(Debug)]
pub(super) struct Expectation {
    design: Design,
    columns: usize,
    /// Rows of a block.
    block: usize,
    /// Rows of a part.
    part: usize,
    lanes: Vec<Lane>,
}

/// Memory of one part.
#[derive(Debug, Default)]
struct Lane {
    /// `[block, monomials]`.
    monomials: Vec<f64>,
    /// `[K, block]`: log-densities, then the posterior.
    posterior: Vec<f64>,
    largest: Vec<f64>,
    totals: Vec<f64>,
    /// `Σ_n r_nk φ(x_n)`, `[K, monomials]`.
    sums: Vec<f64>,
    log_likelihood: f64,
}

impl Expectation {
    /// Memory for `rows` rows.
    pub(super) fn new(design: Design, columns: usize, rows: usize) -> Self {
        let block = (BLOCK / design.width(columns) / 8 * 8).clamp(ROWS[0], ROWS[1]);
        let part = rows.div_ceil(PARTS).max(PART).next_multiple_of(block);
        let mut lanes = Vec::new();
        lanes.resize_with(rows.div_ceil(part), Lane::default);
        Self { design, columns, block, part, lanes }
    }

    /// Writes `Σ_n w_n r_nk φ(x_n)` of all rows, `[K, monomials]`, and returns
    /// `Σ_n w_n log Σ_k exp(a_k·φ(x_n))` (0 for labels), with weights 1 where there are none.
    pub(super) fn run(
        &mut self,
        (rows, weights): (&[f64], Option<&[f64]>),
        source: Source<'_>,
        components: usize,
        sums: &mut [f64],
    ) -> Result<f64> {
        let Self { design, columns, block, part, .. } = *self;
        let width = design.width(columns);
        let parts = rows.par_chunks(part * columns).zip(&mut self.lanes).enumerate();
        parts.try_for_each(|(index, (rows, lane))| {
            lane.resize(block, width, components);
            rows.chunks(block * columns).enumerate().try_for_each(|(at, rows)| {
                let first = index * part + at * block;
                lane.add(design, columns, (rows, weights), first, source, components)
            })
        })?;
        let size = components * width;
        sums[..size].fill(0.0);
        for lane in &self.lanes {
            sums.iter_mut().zip(&lane.sums[..size]).for_each(|(sum, own)| *sum += own);
        }
        let log_likelihood = self.lanes.iter().map(|lane| lane.log_likelihood).sum::<f64>();
        if log_likelihood.is_finite() {
            return Ok(log_likelihood);
        }
        Err(LayerError::NonFinite { what: "log-likelihood of a mixture", row: 0, column: 0, value: log_likelihood }
            .into())
    }
}

impl Lane {
    fn resize(&mut self, block: usize, width: usize, components: usize) {
        let sizes = [block * width, components * block, block, block, components * width];
        let Self { monomials, posterior, largest, totals, sums, log_likelihood } = self;
        for (buffer, size) in [monomials, posterior, largest, totals, &mut *sums].into_iter().zip(sizes) {
            if buffer.len() < size {
                buffer.resize(size, 0.0);
            }
        }
        sums.fill(0.0);
        *log_likelihood = 0.0;
    }

    /// Adds a block of rows.
    fn add(
        &mut self,
        design: Design,
        columns: usize,
        (rows, weights): (&[f64], Option<&[f64]>),
        first: usize,
        source: Source<'_>,
        components: usize,
    ) -> Result<()> {
        let (count, width) = (rows.len() / columns, design.width(columns));
        let Self { monomials, posterior, largest, totals, sums, log_likelihood } = self;
        run_vectorized(&Fill(design, columns), (rows, &mut monomials[..count * width]));
        let phi = matrix(monomials, count, width)?;
        let weights = weights.map(|weights| &weights[first..first + count]);
        match source {
            Source::Coefficients(coefficients) => {
                let coefficients = matrix(coefficients, components, width)?;
                gemm(1.0, coefficients, phi.t(), Add::No, matrix_mut(posterior, components, count)?)?;
                let (largest, totals) = (&mut largest[..count], &mut totals[..count]);
                run_vectorized(&Posterior, (&mut posterior[..components * count], &mut *largest, totals));
                *log_likelihood += match weights {
                    None => lane_sum(largest, |value| value),
                    Some(weights) => largest.iter().zip(weights).map(|(value, weight)| value * weight).sum(),
                };
            }
            Source::Labels(labels) => {
                posterior[..components * count].fill(0.0);
                for (row, label) in labels[first..first + count].iter().enumerate() {
                    posterior[label * count + row] = 1.0;
                }
            }
        }
        if let Some(weights) = weights {
            for own in posterior[..components * count].chunks_exact_mut(count) {
                own.iter_mut().zip(weights).for_each(|(own, weight)| *own *= weight);
            }
        }
        let posterior = matrix(posterior, components, count)?;
        gemm(1.0, posterior, phi, Add::Yes, matrix_mut(sums, components, width)?)?;
        Ok(())
    }
}

/// Writes the monomials of some rows.
struct Fill(Design, usize);

impl<'a> Pass<(&'a [f64], &'a mut [f64])> for Fill {
    #[inline(always)]
    fn run(&self, (rows, out): (&'a [f64], &'a mut [f64])) {
        self.0.fill(rows, self.1, out);
    }
}
