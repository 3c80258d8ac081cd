//! One normal density whose correlations are shrunk towards 0.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2};
use pdmap_core::linalg::{Add, gemm, symmetric_eigen};
use pdmap_core::parallel;
use pdmap_core::row_weights::mean;

use crate::error::Result;
use crate::factor::PrecisionFactor;
use crate::gaussian::{Gaussian, HALF_LOG_TAU};
use crate::standardized::Standardized;
use crate::weighted::WeightedRows;

/// The normal density with the covariance `(1 − λ) R + λ I` in standardized coordinates, where `R`
/// are the correlations of the rows and λ in (0, 1] is the shrinkage.
#[derive(Debug, Clone)]
pub struct ShrunkGaussian {
    /// λ.
    pub shrinkage: f64,
    /// `(1 − λ) R + λ I`.
    pub covariance: Array2<f64>,
}

/// Least shrinkage: dependent columns have a density then.
const LEAST: f64 = 1e-6;

/// Shrinkages that validation rows choose from, as multiples of the one by formula.
const TRIED: [f64; 8] = [0.0, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0];

impl ShrunkGaussian {
    /// The shrinkage λ that Ledoit & Wolf (2004) estimate to have the least expected squared error.
    ///
    /// # Errors
    /// None for finite rows.
    pub fn by_formula(rows: &Standardized) -> Result<Self> {
        Ok(Self::new(rows, ledoit_wolf(rows)))
    }

    /// The shrinkage of highest log-likelihood on validation rows, given in standardized
    /// coordinates, among multiples of the one by formula.
    ///
    /// # Errors
    /// Validation rows of another number of columns.
    pub fn by_validation<'a>(rows: &Standardized, validation: impl Into<WeightedRows<'a>>) -> Result<Self> {
        let WeightedRows { rows: validation, weights } = validation.into();
        let (values, vectors) = symmetric_eigen(rows.correlations().view())?;
        let mut codes = Array2::zeros(validation.dim());
        gemm(1.0, validation, vectors.view(), Add::No, codes.view_mut())?;
        // Only the mean squares along the principal axes matter.
        let square = |code: ArrayView1<'_, f64>| mean(&code.iter().map(|z| z * z).collect::<Vec<_>>(), weights);
        let squares: Vec<f64> = codes.columns().into_iter().map(square).collect();
        let density = |shrinkage: f64| -> f64 {
            let each = values.iter().zip(&squares).map(|(value, square)| {
                let variance = (1.0 - shrinkage) * value.max(0.0) + shrinkage;
                -HALF_LOG_TAU - 0.5 * (variance.ln() + square / variance)
            });
            each.sum()
        };
        let formula = ledoit_wolf(rows);
        let tried = TRIED.iter().map(|factor| (factor * formula).clamp(LEAST, 1.0));
        let best = tried.fold((f64::NEG_INFINITY, formula), |best, shrinkage| {
            let found = density(shrinkage);
            if found > best.0 { (found, shrinkage) } else { best }
        });
        Ok(Self::new(rows, best.1))
    }

    fn new(rows: &Standardized, shrinkage: f64) -> Self {
        let mut covariance = rows.correlations() * (1.0 - shrinkage);
        covariance.diag_mut().iter_mut().for_each(|value| *value += shrinkage);
        Self { shrinkage, covariance }
    }

    /// The density, in standardized coordinates.
    ///
    /// # Errors
    /// None for λ > 0.
    pub fn gaussian(&self) -> Result<Gaussian> {
        let factor = PrecisionFactor::of_covariance(self.covariance.view())?;
        Gaussian::new(Array1::zeros(self.covariance.nrows()), factor)
    }
}

/// `λ = min(1, b̄²/d²)` with `d² = ‖R − I‖²` and `b̄² = (mean ‖x‖⁴ − ‖R‖²)/N`, in Frobenius norms
/// (Ledoit & Wolf 2004, section 3.3).
fn ledoit_wolf(rows: &Standardized) -> f64 {
    let (correlations, count) = (rows.correlations(), rows.total());
    let norm: f64 = correlations.iter().map(|r| r * r).sum();
    let apart: f64 = correlations.indexed_iter().map(|((i, j), r)| (r - f64::from(u8::from(i == j))).powi(2)).sum();
    let fourths = |rows: ArrayView2<'_, f64>| -> Vec<f64> {
        rows.rows().into_iter().map(|x| square(x.as_slice().unwrap_or(&[])).powi(2)).collect()
    };
    let fourth = mean(&fourths(rows.rows()), rows.weights());
    let error = (fourth - norm).max(0.0) / count;
    let shrinkage = if apart > 0.0 { (error / apart).min(1.0) } else { 0.0 };
    shrinkage.max(LEAST)
}

fn square(x: &[f64]) -> f64 {
    parallel::lane_sum(x, |x| x * x)
}
