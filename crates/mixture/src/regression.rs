//! Missing cells of a row given the observed ones, under one normal density.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use pdmap_core::linalg::{Add, Cholesky, gemm};

use crate::error::Result;
use crate::gaussian::HALF_LOG_TAU;
use crate::patterns::Pattern;

/// With the observed columns `o` and the missing ones `m` of a normal density,
///
/// ```text
/// p(x_o) = N(μ_o, Σ_oo),   p(x_m | x_o) = N(μ_m + B (x_o − μ_o), C),
/// B = Σ_mo Σ_oo⁻¹,   C = Σ_mm − B Σ_om.
/// ```
#[derive(Debug, Clone)]
pub(crate) struct Regression {
    /// `μ_o`.
    observed: Array1<f64>,
    /// `μ_m`.
    missing: Array1<f64>,
    /// The factor of `Σ_oo⁻¹`.
    factor: Array2<f64>,
    /// `log p(μ_o)`, nats.
    peak: f64,
    /// `B`, `[missing, observed]`.
    slopes: Array2<f64>,
    /// `C`.
    pub(crate) covariance: Array2<f64>,
}

impl Regression {
    /// Of a normal density with this mean and covariance.
    ///
    /// # Errors
    /// A covariance that is not positive definite.
    pub(crate) fn new(mean: ArrayView1<'_, f64>, covariance: ArrayView2<'_, f64>, pattern: &Pattern) -> Result<Self> {
        let Pattern { observed: o, missing: m, .. } = pattern;
        let block = |rows: &[usize], columns: &[usize]| Pattern::cells(covariance, rows, columns);
        let (mut factor, mut peak) = (Array2::zeros((o.len(), o.len())), 0.0);
        if !o.is_empty() {
            let cholesky = Cholesky::new(block(o, o).view())?;
            cholesky.inverse_into(factor.view_mut())?;
            peak = -0.5 * cholesky.log_det() - o.len() as f64 * HALF_LOG_TAU;
        }
        let (mut slopes, mut rest) = (Array2::zeros((m.len(), o.len())), block(m, m));
        if !m.is_empty() && !o.is_empty() {
            // A = L Σ_om, so that B = Aᵀ L and C = Σ_mm − AᵀA.
            let mut whitened = Array2::zeros((o.len(), m.len()));
            gemm(1.0, factor.view(), block(o, m).view(), Add::No, whitened.view_mut())?;
            gemm(1.0, whitened.t(), factor.view(), Add::No, slopes.view_mut())?;
            gemm(-1.0, whitened.t(), whitened.view(), Add::Yes, rest.view_mut())?;
        }
        let part = |columns: &[usize]| mean.select(Axis(0), columns);
        Ok(Self { observed: part(o), missing: part(m), factor, peak, slopes, covariance: rest })
    }

    /// Replaces rows `x_o` by `x_o − μ_o`.
    pub(crate) fn centre(&self, rows: &mut Array2<f64>) {
        *rows -= &self.observed;
    }

    /// `log p(x_o)` of each row, nats; `y` is scratch memory of the size of the centred rows.
    pub(crate) fn log_density(&self, centred: ArrayView2<'_, f64>, y: &mut Array2<f64>) -> Result<Array1<f64>> {
        if centred.ncols() == 0 {
            return Ok(Array1::zeros(centred.nrows()));
        }
        gemm(1.0, centred, self.factor.t(), Add::No, y.view_mut())?;
        Ok(y.map_axis(Axis(1), |y| self.peak - 0.5 * y.iter().map(|y| y * y).sum::<f64>()))
    }

    /// The mean of `x_m` for each row, `[rows, missing]`.
    pub(crate) fn means(&self, centred: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
        let mut means = Array2::zeros((centred.nrows(), self.missing.len()));
        if centred.ncols() > 0 && !self.missing.is_empty() {
            gemm(1.0, centred, self.slopes.t(), Add::No, means.view_mut())?;
        }
        Ok(means + &self.missing)
    }
}
