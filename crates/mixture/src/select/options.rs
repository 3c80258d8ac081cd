//! What is chosen from, and what was chosen.

use std::time::Duration;

use crate::covariance::CovarianceForm;
use crate::em::{Em, EmOptions, Prior};
use crate::error::Result;
use crate::mixture::GaussianMixture;
use crate::shrunk::ShrunkGaussian;
use crate::standardized::Standardized;
use crate::weighted::WeightedRows;

/// ν that are tried.
pub(super) const SHRINKAGES: [f64; 9] = [0.0, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0];

/// What validation rows choose from.
#[derive(Debug, Clone, PartialEq)]
pub struct SelectOptions {
    /// Components; by validation rows where not given.
    pub components: Option<usize>,
    /// Most components that are tried; without it 256, and never more than one for four rows.
    pub most_components: Option<usize>,
    /// Forms of the covariances. If empty: full, tied and diagonal ones, and for 8 columns or more
    /// low-rank ones whose rank is the root of their number.
    pub forms: Vec<CovarianceForm>,
    /// ν of the [`Prior`]; by validation rows where not given.
    pub shrinkage: Option<f64>,
    /// Starts by k-means for each number of components.
    pub starts: usize,
    /// Whether cells that are NaN are missing, and integrated out: `log p` of a row is that of its
    /// other cells. All forms but tied covariances are fitted then; without, NaN are refused.
    pub missing: bool,
    /// When the fit of a candidate ends.
    pub em: EmOptions,
    /// No candidate is begun after this time. The result then depends on the machine.
    pub budget: Option<Duration>,
    /// No candidate is begun after so many floating-point operations, by the formula for the products
    /// of an iteration: the same on any machine.
    pub operations: Option<f64>,
}

impl Default for SelectOptions {
    /// Everything by validation rows, all forms, one start, no missing cells, no limit of time.
    fn default() -> Self {
        Self {
            components: None,
            most_components: None,
            forms: Vec::new(),
            shrinkage: None,
            starts: 1,
            missing: false,
            em: EmOptions { iterations: 60, tolerance: 1e-3 },
            budget: None,
            operations: None,
        }
    }
}

/// A candidate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trial {
    /// The form of its covariances.
    pub form: CovarianceForm,
    /// Its components.
    pub components: usize,
    /// ν of its [`Prior`]; without missing cells λ of the one [`ShrunkGaussian`], the
    /// first trial.
    pub shrinkage: f64,
    /// Mean log-density of the validation rows, in nats a row.
    pub validation: f64,
}

/// The candidates, and the mixture that the validation rows choose.
#[derive(Debug, Clone)]
pub struct Selection {
    /// The chosen mixture, in the coordinates of the rows.
    pub mixture: GaussianMixture,
    /// All candidates, in the order of their fits. Where the options allow one component with a full
    /// covariance, the first is the shrunk Gaussian, so that the choice is never below it on the
    /// validation rows.
    pub trials: Vec<Trial>,
    /// Index of the chosen one.
    pub chosen: usize,
    /// The prior that it was fitted under; none for the shrunk Gaussian.
    pub(super) prior: Option<Prior>,
    /// Whether cells may be missing.
    pub(super) missing: bool,
}

impl Selection {
    /// The chosen candidate.
    pub fn trial(&self) -> Trial {
        self.trials[self.chosen]
    }

    /// The chosen mixture, fitted on to other rows, such as those for training and for validation
    /// together. The shrunk Gaussian is fitted with the shrinkage by formula.
    ///
    /// # Errors
    /// As [`Standardized::new`]; rows of another number of columns.
    pub fn refit<'a>(&self, rows: impl Into<WeightedRows<'a>>, options: EmOptions) -> Result<GaussianMixture> {
        let rows = standardized(rows.into(), self.missing)?;
        let Some(prior) = &self.prior else {
            let gaussian = ShrunkGaussian::by_formula(&rows)?.gaussian()?;
            return rows.restore(&GaussianMixture::of_one(gaussian));
        };
        let start = rows.standardize(&self.mixture)?;
        let mut em = Em::new(&rows, self.trial().form, start.components().len(), prior)?;
        em.resume(&start)?;
        em.run(options)?;
        rows.restore(&em.mixture()?)
    }
}

/// Rows in the coordinates of a fit.
pub(super) fn standardized(rows: WeightedRows<'_>, missing: bool) -> Result<Standardized> {
    if missing { Standardized::observed(rows) } else { Standardized::new(rows) }
}
