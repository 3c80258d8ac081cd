//! The one normal density that a search begins with.

use ndarray::Array2;

use super::options::SHRINKAGES;
use crate::em::{Em, Prior};
use crate::error::Result;
use crate::gaussian::Gaussian;
use crate::mixture::GaussianMixture;
use crate::shrunk::ShrunkGaussian;
use crate::standardized::Standardized;
use crate::weighted::WeightedRows;

/// One normal density whose correlations are shrunk.
pub(super) struct Overall {
    pub(super) gaussian: Gaussian,
    /// λ of the [`ShrunkGaussian`], or ν of the prior.
    pub(super) shrinkage: f64,
    /// The prior that it was fitted under, where cells are missing.
    pub(super) prior: Option<Prior>,
}

impl Overall {
    /// Of the shrinkage that the validation rows choose.
    pub(super) fn new(rows: &Standardized, validation: WeightedRows<'_>) -> Result<Self> {
        if !rows.has_missing() {
            let shrunk = ShrunkGaussian::by_validation(rows, validation)?;
            return Ok(Self { gaussian: shrunk.gaussian()?, shrinkage: shrunk.shrinkage, prior: None });
        }
        let fitted = |shrinkage: f64| -> Result<(f64, Self)> {
            let gaussian = Em::overall(rows, shrinkage)?;
            let found = GaussianMixture::of_one(gaussian.clone()).mean_log_density_observed(validation)?;
            let prior = Some(Prior::new(shrinkage, Array2::eye(rows.columns())));
            Ok((found, Self { gaussian, shrinkage, prior }))
        };
        let mut best = fitted(SHRINKAGES[0])?;
        for &shrinkage in &SHRINKAGES[1..] {
            let next = fitted(shrinkage)?;
            if next.0 <= best.0 {
                break;
            }
            best = next;
        }
        Ok(best.1)
    }
}
