//! Block transforms: banks with one stage.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use ndarray::{Array2, array};
use pdmap_core::{LayerError, Result};

use crate::grid::entries;
use crate::stages::Stages;

impl Stages {
    /// The Haar transform, `K = 2`: `(a + b)/√2` and `(a − b)/√2`.
    ///
    /// # Errors
    /// None.
    pub fn haar() -> Result<Self> {
        Self::orthonormal(2, 1, vec![FRAC_1_SQRT_2 * array![[1.0, 1.0], [1.0, -1.0]]])
    }

    /// The DCT-II of `period` samples, ordered by frequency: `√(2/K) c_k cos(π/K (t + ½) k)` with
    /// `c_0 = 1/√2`.
    ///
    /// # Errors
    /// A period that is 0 or too large.
    pub fn dct2(period: usize) -> Result<Self> {
        Self::orthonormal(period, 1, vec![dct2(period)?])
    }

    /// The DCT-IV of `period` samples, symmetric: `√(2/K) cos(π/K (t + ½)(k + ½))`.
    ///
    /// # Errors
    /// A period that is 0 or too large.
    pub fn dct4(period: usize) -> Result<Self> {
        Self::orthonormal(period, 1, vec![dct4(period)?])
    }
}

pub(super) fn dct2(size: usize) -> Result<Array2<f64>> {
    cosines(size, |k, t| {
        let first = if k == 0 { FRAC_1_SQRT_2 } else { 1.0 };
        first * quarter(size, (2 * t + 1) * 2 * k).0
    })
}

pub(super) fn dct4(size: usize) -> Result<Array2<f64>> {
    cosines(size, |k, t| quarter(size, (2 * t + 1) * (2 * k + 1)).0)
}

/// The DST-IV, `√(2/K) sin(π/K (t + ½)(k + ½))`.
pub(super) fn dst4(size: usize) -> Result<Array2<f64>> {
    cosines(size, |k, t| quarter(size, (2 * t + 1) * (2 * k + 1)).1)
}

/// Cosine and sine of `π/(4·size)·multiple`, with the angle reduced to one turn to preserve its
/// digits.
pub(super) fn quarter(size: usize, multiple: usize) -> (f64, f64) {
    let angle = PI * (multiple % (8 * size)) as f64 / (4 * size) as f64;
    (angle.cos(), angle.sin())
}

fn cosines(size: usize, entry: impl Fn(usize, usize) -> f64) -> Result<Array2<f64>> {
    if size == 0 {
        return Err(LayerError::Range { what: "period", value: 0.0, range: "at least 1" });
    }
    entries("entries of a stage", &[size, size])?;
    let scale = (2.0 / size as f64).sqrt();
    Ok(Array2::from_shape_fn((size, size), |(k, t)| scale * entry(k, t)))
}
