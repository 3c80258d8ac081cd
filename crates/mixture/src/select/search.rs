//! Candidates: fitted, judged, and the best of them kept.

use ndarray::Array2;

use super::options::{SHRINKAGES, SelectOptions, Selection, Trial};
use super::overall::Overall;
use crate::covariance::CovarianceForm;
use crate::em::{Em, EmOptions, Prior};
use crate::error::Result;
use crate::mixture::GaussianMixture;
use crate::standardized::Standardized;
use crate::weighted::WeightedRows;

/// Iterations at most under another prior than that of the first fit, whose components they continue.
const CONTINUED: usize = 20;

/// Where the search for ν begins.
const FIRST: usize = 2;

/// The state of the search for one form.
pub(super) struct Form {
    pub(super) form: CovarianceForm,
    best: f64,
    pub(super) best_of_size: f64,
    pub(super) failures: usize,
    /// Index of the best ν so far.
    shrinkage: usize,
}

impl Form {
    pub(super) fn new(form: CovarianceForm) -> Self {
        let nothing = f64::NEG_INFINITY;
        Self { form, best: nothing, best_of_size: nothing, failures: 0, shrinkage: FIRST }
    }

    /// After all starts of one number of components.
    pub(super) fn settle(&mut self) {
        if self.best_of_size > self.best {
            (self.best, self.failures) = (self.best_of_size, 0);
        } else {
            self.failures += 1;
        }
    }
}

/// The validation rows, in standardized coordinates.
pub(super) struct Judges<'a> {
    pub(super) rows: Array2<f64>,
    pub(super) weights: Option<&'a [f64]>,
}

impl Judges<'_> {
    pub(super) fn view(&self) -> WeightedRows<'_> {
        WeightedRows { rows: self.rows.view(), weights: self.weights }
    }
}

/// What the search knows so far.
pub(super) struct Search<'a> {
    rows: &'a Standardized,
    validation: Judges<'a>,
    options: &'a SelectOptions,
    /// The covariance of all rows, shrunk.
    overall: Array2<f64>,
    /// Towards which covariances are shrunk at the present number of components.
    target: Array2<f64>,
    pub(super) trials: Vec<Trial>,
    /// The best mixture, in standardized coordinates.
    mixture: GaussianMixture,
    prior: Option<Prior>,
    chosen: usize,
    /// Floating-point operations so far.
    pub(super) operations: f64,
}

impl<'a> Search<'a> {
    pub(super) fn new(
        rows: &'a Standardized,
        validation: Judges<'a>,
        options: &'a SelectOptions,
        one: Overall,
    ) -> Result<Self> {
        let overall = one.gaussian.factor().covariance();
        let mixture = GaussianMixture::of_one(one.gaussian);
        let (form, shrinkage) = (CovarianceForm::Full, one.shrinkage);
        let mut trials = Vec::new();
        // What was asked for may exclude it.
        let forms = &options.forms;
        if options.components.is_none_or(|count| count == 1) && (forms.is_empty() || forms.contains(&form)) {
            let validation = mixture.mean_log_density_observed(validation.view())?;
            trials.push(Trial { form, components: 1, shrinkage, validation });
        }
        let (target, prior, chosen, operations) = (overall.clone(), one.prior, 0, 0.0);
        Ok(Self { rows, validation, options, overall, target, trials, mixture, prior, chosen, operations })
    }

    /// The target without tied covariances: that of all rows, in the volume of one of so many
    /// components (Fraley & Raftery 2007).
    pub(super) fn forget_target(&mut self, components: usize) {
        let columns = self.rows.columns() as f64;
        self.target = &self.overall * (components as f64).powf(-2.0 / columns);
    }

    /// Fits a form from groups of rows.
    pub(super) fn try_form(&mut self, form: &mut Form, labels: &[usize], components: usize) -> Result<()> {
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
        self.count(own, components, iterations, em.factorizations());
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

    /// Adds the operations of some iterations: two products of N·K·(numbers of a component), and
    /// for dense covariances some D³ for each component, and once more for each block of rows with
    /// a pattern of missing cells.
    fn count(&mut self, form: CovarianceForm, components: usize, iterations: usize, factorizations: usize) {
        let (rows, columns) = (self.rows.count() as f64, self.rows.columns());
        let (numbers, cubes) = match form {
            CovarianceForm::Tied => (columns, 1),
            CovarianceForm::Diagonal => (2 * columns, 0),
            CovarianceForm::Full => (columns * (columns + 3) / 2, components),
            CovarianceForm::LowRank { .. } => (columns * (columns + 3) / 2, 3 * components),
        };
        let products = 4.0 * rows * components as f64 * (numbers + 1) as f64;
        self.operations += iterations as f64
            * (products + (cubes + factorizations * components) as f64 * 4.0 * (columns as f64).powi(3));
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
                self.count(form.form, em.components(), em.iterations() - before, em.factorizations());
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
        let validation = mixture.mean_log_density_observed(self.validation.view())?;
        let (components, shrinkage) = (mixture.components().len(), prior.rows);
        if self.trials.get(self.chosen).is_none_or(|best| validation > best.validation) {
            (self.chosen, self.mixture, self.prior) = (self.trials.len(), mixture, Some(prior));
        }
        self.trials.push(Trial { form, components, shrinkage, validation });
        Ok(validation)
    }

    pub(super) fn finish(mut self) -> Result<Selection> {
        let volume = self.rows.log_volume();
        self.trials.iter_mut().for_each(|trial| trial.validation -= volume);
        let mixture = self.rows.restore(&self.mixture)?;
        Ok(Selection {
            mixture,
            trials: self.trials,
            chosen: self.chosen,
            prior: self.prior,
            missing: self.options.missing,
        })
    }
}
