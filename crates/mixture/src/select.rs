//! Number of components, form and shrinkage by validation rows.

use std::time::{Duration, Instant};

use ndarray::{Array2, ArrayView2};
use rand::Rng;

use crate::covariance::CovarianceForm;
use crate::em::{Em, EmOptions, Prior};
use crate::error::{MixtureError, Result};
use crate::kmeans::kmeans;
use crate::mixture::GaussianMixture;
use crate::shrunk::ShrunkGaussian;
use crate::standardized::Standardized;

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
    /// When the fit of a candidate ends.
    pub em: EmOptions,
    /// No candidate is begun after this time. The result then depends on the machine.
    pub budget: Option<Duration>,
    /// No candidate is begun after so many floating-point operations, by the formula for the products
    /// of an iteration: the same on any machine.
    pub operations: Option<f64>,
}

impl Default for SelectOptions {
    /// Everything by validation rows, all forms, one start, no limit of time.
    fn default() -> Self {
        Self {
            components: None,
            most_components: None,
            forms: Vec::new(),
            shrinkage: None,
            starts: 1,
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
        let rows = Standardized::new(rows)?;
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

/// Iterations at most under another prior than that of the first fit, whose components they continue.
const CONTINUED: usize = 20;

/// Numbers of components in a row that may fail to improve a form before it is given up.
const PATIENCE: usize = 2;

/// ν that are tried.
const SHRINKAGES: [f64; 9] = [0.0, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0];

/// Where the search for ν begins.
const FIRST: usize = 2;

/// Chooses a mixture: fits candidates to training rows by EM, and keeps the one of highest mean
/// log-density on validation rows.
///
/// The numbers of components grow until a form has failed to improve twice. Full covariances are
/// shrunk towards the common covariance of the components that tied ones have; ν goes up and down
/// from where it was best for fewer components.
///
/// # Errors
/// As [`Standardized::new`]; no validation rows, or such that are not finite; options that
/// [`Em::new`] refuses.
pub fn select(
    train: ArrayView2<'_, f64>,
    validation: ArrayView2<'_, f64>,
    options: &SelectOptions,
    rng: &mut dyn Rng,
) -> Result<Selection> {
    let rows = Standardized::new(train)?;
    let validation = rows.map(validation)?;
    if validation.nrows() == 0 {
        return Err(MixtureError::NoRows);
    }
    let deadline = options.budget.and_then(|budget| Instant::now().checked_add(budget));
    let shrunk = ShrunkGaussian::by_validation(&rows, validation.view())?;
    let mut search = Search::new(&rows, validation, options, &shrunk)?;
    let most = (rows.count() / ROWS).min(options.most_components.unwrap_or(usize::MAX)).max(1);
    let grid: Vec<usize> = match options.components {
        Some(components) => vec![components],
        None => GRID.into_iter().filter(|&components| components <= most).collect(),
    };
    let mut forms: Vec<Form> = forms(options, rows.columns()).into_iter().map(Form::new).collect();
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
            let groups = kmeans(rows.rows(), components, rng)?;
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

/// The state of the search for one form.
struct Form {
    form: CovarianceForm,
    best: f64,
    best_of_size: f64,
    failures: usize,
    /// Index of the best ν so far.
    shrinkage: usize,
}

impl Form {
    fn new(form: CovarianceForm) -> Self {
        let nothing = f64::NEG_INFINITY;
        Self { form, best: nothing, best_of_size: nothing, failures: 0, shrinkage: FIRST }
    }

    /// After all starts of one number of components.
    fn settle(&mut self) {
        if self.best_of_size > self.best {
            (self.best, self.failures) = (self.best_of_size, 0);
        } else {
            self.failures += 1;
        }
    }
}

/// What the search knows so far.
struct Search<'a> {
    rows: &'a Standardized,
    validation: Array2<f64>,
    options: &'a SelectOptions,
    /// The covariance of all rows, shrunk.
    overall: Array2<f64>,
    /// Towards which covariances are shrunk at the present number of components.
    target: Array2<f64>,
    trials: Vec<Trial>,
    /// The best mixture, in standardized coordinates.
    mixture: GaussianMixture,
    prior: Option<Prior>,
    chosen: usize,
    /// Floating-point operations so far.
    operations: f64,
}

impl<'a> Search<'a> {
    fn new(
        rows: &'a Standardized,
        validation: Array2<f64>,
        options: &'a SelectOptions,
        shrunk: &ShrunkGaussian,
    ) -> Result<Self> {
        let mixture = GaussianMixture::of_one(shrunk.gaussian()?);
        let (form, shrinkage) = (CovarianceForm::Full, shrunk.shrinkage);
        let mut trials = Vec::new();
        // What was asked for may exclude it.
        let forms = &options.forms;
        if options.components.is_none_or(|count| count == 1) && (forms.is_empty() || forms.contains(&form)) {
            let validation = mixture.mean_log_density(validation.view())?;
            trials.push(Trial { form, components: 1, shrinkage, validation });
        }
        let (overall, target) = (shrunk.covariance.clone(), shrunk.covariance.clone());
        let (prior, chosen, operations) = (None, 0, 0.0);
        Ok(Self { rows, validation, options, overall, target, trials, mixture, prior, chosen, operations })
    }

    /// The target without tied covariances: that of all rows, in the volume of one of so many
    /// components (Fraley & Raftery 2007).
    fn forget_target(&mut self, components: usize) {
        let columns = self.rows.columns() as f64;
        self.target = &self.overall * (components as f64).powf(-2.0 / columns);
    }

    /// Fits a form from groups of rows.
    fn try_form(&mut self, form: &mut Form, labels: &[usize], components: usize) -> Result<()> {
        let own = form.form;
        let shrunk = matches!(own, CovarianceForm::Full | CovarianceForm::LowRank { .. });
        let first = match self.options.shrinkage {
            Some(rows) => rows,
            None if shrunk => SHRINKAGES[form.shrinkage],
            // Tied covariances have many rows, and variances need few.
            None => 1.0,
        };
        let target = if own == CovarianceForm::Tied { &self.overall } else { &self.target };
        let prior = Prior::new(first, target.clone());
        let mut em = Em::new(self.rows, own, components, &prior)?;
        em.start(labels)?;
        let iterations = em.run(self.options.em)?.iterations;
        self.count(own, components, iterations);
        let mut best = self.consider(own, prior, em.mixture()?)?;
        if own == CovarianceForm::Tied {
            self.target = em.mixture()?.components()[0].factor().covariance();
        }
        if shrunk && self.options.shrinkage.is_none() && components > 1 {
            best = self.climb(form, &mut em, best)?;
        }
        form.best_of_size = form.best_of_size.max(best);
        Ok(())
    }

    /// Adds the operations of some iterations: two products of N·K·(numbers of a component), and for dense
    /// covariances some D³ for each component.
    fn count(&mut self, form: CovarianceForm, components: usize, iterations: usize) {
        let (rows, columns) = (self.rows.count() as f64, self.rows.columns());
        let (numbers, cubes) = match form {
            CovarianceForm::Tied => (columns, 1),
            CovarianceForm::Diagonal => (2 * columns, 0),
            CovarianceForm::Full => (columns * (columns + 3) / 2, components),
            CovarianceForm::LowRank { .. } => (columns * (columns + 3) / 2, 3 * components),
        };
        let products = 4.0 * rows * components as f64 * (numbers + 1) as f64;
        self.operations += iterations as f64 * (products + cubes as f64 * 4.0 * (columns as f64).powi(3));
    }

    /// Moves ν up, or else down, while that is better.
    fn climb(&mut self, form: &mut Form, em: &mut Em<'_>, first: f64) -> Result<f64> {
        let mut best = first;
        let from = form.shrinkage;
        let up: Vec<usize> = (from + 1..SHRINKAGES.len()).collect();
        let down: Vec<usize> = (0..from).rev().collect();
        for path in [up, down] {
            for index in path {
                let prior = Prior::new(SHRINKAGES[index], self.target.clone());
                em.set_prior(&prior)?;
                let before = em.iterations();
                em.run(EmOptions { iterations: self.options.em.iterations.min(CONTINUED), ..self.options.em })?;
                self.count(form.form, em.components(), em.iterations() - before);
                let found = self.consider(form.form, prior, em.mixture()?)?;
                if found <= best {
                    break;
                }
                (best, form.shrinkage) = (found, index);
            }
            if form.shrinkage != from {
                break;
            }
        }
        Ok(best)
    }

    /// Scores a candidate on the validation rows, and keeps it if it is the best so far.
    fn consider(&mut self, form: CovarianceForm, prior: Prior, mixture: GaussianMixture) -> Result<f64> {
        let validation = mixture.mean_log_density(self.validation.view())?;
        let (components, shrinkage) = (mixture.components().len(), prior.rows);
        if self.trials.get(self.chosen).is_none_or(|best| validation > best.validation) {
            (self.chosen, self.mixture, self.prior) = (self.trials.len(), mixture, Some(prior));
        }
        self.trials.push(Trial { form, components, shrinkage, validation });
        Ok(validation)
    }

    fn finish(mut self) -> Result<Selection> {
        let volume = self.rows.log_volume();
        self.trials.iter_mut().for_each(|trial| trial.validation -= volume);
        let mixture = self.rows.restore(&self.mixture)?;
        Ok(Selection { mixture, trials: self.trials, chosen: self.chosen, prior: self.prior })
    }
}
