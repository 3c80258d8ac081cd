//! Number of components, form and shrinkage by validation rows.

mod search;

use std::time::{Duration, Instant};

use ndarray::ArrayView2;
use rand::Rng;

use crate::covariance::CovarianceForm;
use crate::em::{Em, EmOptions, Prior, filled};
use crate::error::{MixtureError, Result};
use crate::kmeans::kmeans;
use crate::mixture::GaussianMixture;
use crate::shrunk::ShrunkGaussian;
use crate::standardized::Standardized;
use search::{Form, Search};

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
    /// ν of its [`Prior`]; λ of the one [`ShrunkGaussian`], the first trial.
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
    prior: Option<Prior>,
    /// Whether cells may be missing.
    missing: bool,
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
    pub fn refit(&self, rows: ArrayView2<'_, f64>, options: EmOptions) -> Result<GaussianMixture> {
        let rows = standardized(rows, self.missing)?;
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

/// Numbers of components that are tried.
const GRID: [usize; 16] = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256];

/// Least rows for each component that are tried.
const ROWS: usize = 4;

/// Columns from which low-rank covariances are tried.
const WIDE: usize = 8;

/// Numbers of components in a row that may fail to improve a form before it is given up.
const PATIENCE: usize = 2;

/// Chooses a mixture: fits candidates to training rows by EM, and keeps the one of highest mean
/// log-density on validation rows.
///
/// The numbers of components grow until a form has failed to improve twice. Full covariances are
/// shrunk towards the common covariance of the components that tied ones have; ν goes up and down
/// from where it was best for fewer components.
///
/// # Errors
/// As [`Standardized::new`] or, with missing cells, [`Standardized::observed`]; no validation rows, or such that are not finite; options that
/// [`Em::new`] refuses.
pub fn select(
    train: ArrayView2<'_, f64>,
    validation: ArrayView2<'_, f64>,
    options: &SelectOptions,
    rng: &mut dyn Rng,
) -> Result<Selection> {
    let rows = standardized(train, options.missing)?;
    let validation = rows.map(validation)?;
    if validation.nrows() == 0 {
        return Err(MixtureError::NoRows);
    }
    let deadline = options.budget.and_then(|budget| Instant::now().checked_add(budget));
    let shrunk = match rows.has_missing() {
        true => ShrunkGaussian::by_formula(&rows)?,
        false => ShrunkGaussian::by_validation(&rows, validation.view())?,
    };
    let complete = filled(&rows)?;
    let mut search = Search::new(&rows, validation, options, &shrunk)?;
    let most = (rows.count() / ROWS).min(options.most_components.unwrap_or(usize::MAX)).max(1);
    let grid: Vec<usize> = match options.components {
        Some(components) => vec![components],
        None => GRID.into_iter().filter(|&components| components <= most).collect(),
    };
    let tied = |form: &CovarianceForm| rows.has_missing() && *form == CovarianceForm::Tied;
    let mut forms: Vec<Form> =
        forms(options, rows.columns()).into_iter().filter(|form| !tied(form)).map(Form::new).collect();
    // Tied covariances first: full ones are shrunk towards them.
    forms.sort_by_key(|form| form.form != CovarianceForm::Tied);
    let late = |search: &Search<'_>| {
        if search.trials.is_empty() {
            return false;
        }
        deadline.is_some_and(|deadline| Instant::now() >= deadline)
            || options.operations.is_some_and(|most| search.operations >= most)
    };
    for components in grid {
        for form in &mut forms {
            form.best_of_size = f64::NEG_INFINITY;
        }
        for _ in 0..options.starts.max(1) {
            if late(&search) {
                break;
            }
            let groups = kmeans(complete.view(), components, rng)?;
            search.forget_target(groups.centres.nrows());
            for form in forms.iter_mut().filter(|form| form.failures < PATIENCE) {
                if !late(&search) {
                    search.try_form(form, &groups.labels, groups.centres.nrows())?;
                }
            }
        }
        forms.iter_mut().for_each(Form::settle);
        if forms.iter().all(|form| form.failures >= PATIENCE) || late(&search) {
            break;
        }
    }
    search.finish()
}

fn standardized(rows: ArrayView2<'_, f64>, missing: bool) -> Result<Standardized> {
    if missing { Standardized::observed(rows) } else { Standardized::new(rows) }
}

/// The forms that are tried.
fn forms(options: &SelectOptions, columns: usize) -> Vec<CovarianceForm> {
    if !options.forms.is_empty() {
        return options.forms.clone();
    }
    let mut forms = vec![CovarianceForm::Full, CovarianceForm::Tied, CovarianceForm::Diagonal];
    if columns >= WIDE {
        forms.push(CovarianceForm::LowRank { rank: columns.isqrt() });
    }
    forms
}
