//! Pyramids: a bank applied recursively to its own low band.

use ndarray::{Array, ArrayView, Dimension, Slice};
use pdmap_core::{LayerError, Result, check};

use crate::kernels::Kernels;

/// The bands of a pyramid.
#[derive(Debug, Clone, PartialEq)]
pub struct Pyramid<D: Dimension> {
    /// For each level, finest first, the bands `k = 1, …, K − 1` (in an image row by row,
    /// `k = p·K_w + q`), each `[C, n/K^level]` or `[C, H/K_h^level, W/K_w^level]`.
    pub details: Vec<Vec<Array<f64, D>>>,
    /// Band 0 of the last level.
    pub low: Array<f64, D>,
}

/// Levels at most: no length can be divided more often. A bank of period 1 would go on forever.
const MOST_LEVELS: usize = 64;

impl Kernels {
    /// Analyzes the signal and then, `levels − 1` times, its band 0. With orthonormal kernels the
    /// whole map is orthonormal; with those of a wavelet, `K = 2`, it is the discrete wavelet
    /// transform on periodic signals (Mallat 1989).
    ///
    /// # Errors
    /// A shape that does not match; a length that the period does not divide `levels` times
    /// ([`LayerError::Indivisible`]); more than 64 levels.
    pub fn decompose<D: Dimension>(&self, x: ArrayView<'_, f64, D>, levels: usize) -> Result<Pyramid<D>> {
        if levels > MOST_LEVELS {
            return Err(LayerError::Range { what: "levels", value: levels as f64, range: "at most 64" });
        }
        let (mut low, mut details) = (x.to_owned(), vec![]);
        for _ in 0..levels {
            let y = self.analyze(low.view())?;
            let band = |k: usize| y.slice_each_axis(|axis| self.numbers(axis.axis.index(), y.ndim(), k)).to_owned();
            details.push((1..self.grid().positions()).map(band).collect());
            low = band(0);
        }
        Ok(Pyramid { details, low })
    }

    /// The transpose of [`decompose`](Self::decompose), and its inverse if the kernels are
    /// orthonormal.
    ///
    /// # Errors
    /// Bands that do not match each other or the kernels ([`LayerError::Shape`]).
    pub fn recompose<D: Dimension>(&self, pyramid: &Pyramid<D>) -> Result<Array<f64, D>> {
        let mut low = pyramid.low.clone();
        let axes = low.ndim();
        for bands in pyramid.details.iter().rev() {
            check::features("bands of a level", self.grid().positions() - 1, bands.len())?;
            let mut shape = low.raw_dim();
            for axis in 1..axes {
                let (length, period) = (shape[axis], self.period_of(axis, axes));
                let (what, value, range) = ("length", length as f64, "short enough to be multiplied by the period");
                shape[axis] = length.checked_mul(period).ok_or(LayerError::Range { what, value, range })?;
            }
            let mut y = Array::zeros(shape);
            for (k, band) in std::iter::once(&low).chain(bands).enumerate() {
                if band.shape() != low.shape() {
                    let (expected, actual) = (low.shape().to_vec(), band.shape().to_vec());
                    return Err(LayerError::Shape { what: "band", expected, actual });
                }
                y.slice_each_axis_mut(|axis| self.numbers(axis.axis.index(), axes, k)).assign(band);
            }
            low = self.synthesize(y.view())?;
        }
        Ok(low)
    }

    /// The period along axis `axis` of a signal or image with `axes` axes; axis 0 holds the
    /// channels.
    fn period_of(&self, axis: usize, axes: usize) -> usize {
        // The last axis is the second one of the grid, even if it is the only one.
        self.grid().period[usize::from(axis + 1 == axes)]
    }

    /// The positions of the outputs of kernel `k` along an axis.
    fn numbers(&self, axis: usize, axes: usize, k: usize) -> Slice {
        if axis == 0 {
            return Slice::from(..);
        }
        let (width, period) = (self.grid().period[1], self.period_of(axis, axes));
        let first = if axis + 1 == axes { k % width } else { k / width };
        Slice::new(first as isize, None, period as isize)
    }
}
