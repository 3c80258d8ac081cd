//! The one normal density that a search begins with.

use ndarray::{Array2, ArrayView2};

use super::options::SHRINKAGES;
use crate::em::{Em, Prior};
use crate::error::Result;
use crate::gaussian::Gaussian;
use crate::mixture::GaussianMixture;
use crate::shrunk::ShrunkGaussian;
use crate::standardized::Standardized;

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
    pub(super) fn new(rows: &Standardized, validation: ArrayView2<'_, f64>) -> Result<Self> {
        if !rows.has_missing() {
            let shrunk = ShrunkGaussian::by_validation(rows, validation)?;
            return Ok(Self { gaussian: shrunk.gaussian()?, shrinkage: shrunk.shrinkage, prior: None });
        }
        let mut best: Option<(f64, Self)> = None;
        for shrinkage in SHRINKAGES {
            let gaussian = Em::overall(rows, shrinkage)?;
            let found = GaussianMixture::of_one(gaussian.clone()).mean_log_density_observed(validation)?;
            if best.as_ref().is_some_and(|(best, _)| found <= *best) {
                break;
            }
            let prior = Some(Prior::new(shrinkage, Array2::eye(rows.columns())));
            best = Some((found, Self { gaussian, shrinkage, prior }));
        }
        match best {
            Some((_, best)) => Ok(best),
            None => Ok(Self { gaussian: Em::overall(rows, 1.0)?, shrinkage: 1.0, prior: None }),
        }
    }
}
