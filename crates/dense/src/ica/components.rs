//! What is known of each source.

use ndarray::{Array2, ArrayView2, Axis};
use pdmap_core::{LayerError, Result};
use rayon::prelude::*;

use super::doubt::CHANCE;
use super::moments::Passes;

/// A source of variance 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Component {
    /// Its share of the variance of all columns: `Σ_j A_ji² / Σ_j var x_j`, or of the columns scaled to
    /// variance 1. Shares of sources that are correlated need not add up to 1.
    pub variance: f64,
    /// `E y⁴ − 3`: 0 of a normal distribution, positive of heavier tails, negative of lighter ones.
    pub kurtosis: f64,
    /// 1 if its density was taken as super-Gaussian, −1 if as sub-Gaussian.
    pub sign: f64,
    /// `E[1 − tanh² y] − E[y tanh y]`, 0 of a normal distribution: what tells the source from others
    /// that it might be mixed with.
    pub contrast: f64,
    /// The standard error of the contrast.
    pub contrast_error: f64,
    /// How alike the source comes out from resampled rows and random starts, from 0 to 1; none if that
    /// was not asked for.
    pub stability: Option<f64>,
}

impl Component {
    /// Whether the contrast is not told from that of a normal distribution. `sources` were searched for
    /// the largest contrasts, which by chance alone exceed their errors the more, the more there are.
    pub fn looks_normal(&self, sources: usize) -> bool {
        self.contrast.abs() < (CHANCE + (sources as f64).sqrt()) * self.contrast_error
    }
}

/// Rows of a part that is summed by one thread.
const PART: usize = 1024;

/// Sums over rows.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    square: f64,
    fourth: f64,
    contrast: f64,
    contrast_square: f64,
}

/// Kurtosis, contrast and error of the contrast of each source `y = V z`, from one pass over `z`.
pub(super) fn measured<E: From<LayerError>>(
    passes: &mut Passes<'_, E>,
    unmixing: ArrayView2<'_, f64>,
    rows: usize,
) -> Result<Vec<[f64; 3]>, E> {
    let mut all = vec![Sums::default(); unmixing.nrows()];
    passes(&mut |block| {
        let chunks: Vec<ArrayView2<'_, f64>> = block.axis_chunks_iter(Axis(0), PART).collect();
        let parts: Vec<Vec<Sums>> = chunks.into_par_iter().map(|chunk| sums(&chunk.dot(&unmixing.t()))).collect();
        for part in parts {
            for (all, own) in all.iter_mut().zip(part) {
                all.square += own.square;
                all.fourth += own.fourth;
                all.contrast += own.contrast;
                all.contrast_square += own.contrast_square;
            }
        }
        Ok(())
    })?;
    let count = rows as f64;
    let facts = |sums: Sums| {
        let (variance, contrast) = (sums.square / count, sums.contrast / count);
        let spread = (sums.contrast_square / count - contrast * contrast).max(0.0);
        [sums.fourth / count / (variance * variance) - 3.0, contrast, (spread / count).sqrt()]
    };
    Ok(all.into_iter().map(facts).collect())
}

fn sums(sources: &Array2<f64>) -> Vec<Sums> {
    let mut sums = vec![Sums::default(); sources.ncols()];
    for row in sources.rows() {
        for (sums, &y) in sums.iter_mut().zip(row) {
            let tanh = y.tanh();
            let contrast = 1.0 - tanh * tanh - y * tanh;
            sums.square += y * y;
            sums.fourth += (y * y) * (y * y);
            sums.contrast += contrast;
            sums.contrast_square += contrast * contrast;
        }
    }
    sums
}
