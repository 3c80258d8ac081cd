//! The number of classes and the smoothing by validation rows.

use ndarray::ArrayView2;
use rand::Rng;

use crate::counts::Counts;
use crate::em::{Em, EmOptions};
use crate::error::{CategoriesError, Result};
use crate::latent::LatentClasses;

/// Numbers of classes that are tried.
const CLASSES: [usize; 15] = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192];

/// Smoothings that are tried.
const SMOOTHINGS: [f64; 5] = [1.0, 0.3, 0.1, 0.03, 0.01];

/// Least rows for each class that are tried.
const ROWS: f64 = 4.0;

/// Most probabilities of labels in all classes that are tried.
const NUMBERS: usize = 1 << 20;

/// Numbers of classes in a row that may fail to improve before the search ends.
const PATIENCE: usize = 2;

/// What validation rows choose from.
#[derive(Debug, Clone, PartialEq)]
pub struct SelectOptions {
    /// Classes; by validation rows where not given.
    pub classes: Option<usize>,
    /// Rows more of each label that a class counts; by validation rows where not given.
    pub smoothing: Option<f64>,
    /// Starts for each number of classes, of which the one with the highest objective is kept.
    pub starts: usize,
    /// When the fit of a candidate ends.
    pub em: EmOptions,
    /// No candidate is begun after so many operations, counted as distinct rows × classes × columns of
    /// all iterations: the same on any machine.
    pub operations: f64,
}

impl Default for SelectOptions {
    /// Everything by validation rows, three starts, 10⁹ operations: some seconds.
    fn default() -> Self {
        Self { classes: None, smoothing: None, starts: 3, em: EmOptions::default(), operations: 1e9 }
    }
}

/// A candidate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trial {
    /// Its classes.
    pub classes: usize,
    /// Its smoothing.
    pub smoothing: f64,
    /// Mean log-density of the validation rows, in nats a row.
    pub validation: f64,
}

/// The candidates, and the model that the validation rows choose.
#[derive(Debug, Clone)]
pub struct Selection {
    /// The chosen model.
    pub model: LatentClasses,
    /// All candidates, in the order of their fits.
    pub trials: Vec<Trial>,
    /// Index of the chosen one.
    pub chosen: usize,
}

impl Selection {
    /// The chosen candidate.
    pub fn trial(&self) -> Trial {
        self.trials[self.chosen]
    }
}

/// Chooses a latent class model: fits candidates to training rows by EM, and keeps the one of highest
/// mean log-density on validation rows. Rows are codes `[rows, columns]`, and `labels` the labels of
/// each column, of which some may occur in no row: the smoothing gives them their probability.
///
/// The first candidates have one class: independent columns. The numbers of classes grow until two
/// in a row are no better. The smoothing is chosen for one class, and may fall from there as
/// classes are added. The result depends on the seed alone, not on the number of threads or on the
/// order of the rows.
///
/// # Errors
/// As [`Counts::of`], for either rows; [`CategoriesError::NoClasses`], [`CategoriesError::Smoothing`].
pub fn select(
    train: ArrayView2<'_, u32>,
    validation: ArrayView2<'_, u32>,
    labels: &[usize],
    options: &SelectOptions,
    rng: &mut dyn Rng,
) -> Result<Selection> {
    select_counted(&Counts::of(train, labels)?, &Counts::of(validation, labels)?, options, rng)
}

/// Like [`select`], for rows that are counted already, such as by their weights.
///
/// # Errors
/// [`CategoriesError::Count`] for rows of different columns or labels; as [`select`].
pub fn select_counted(
    rows: &Counts,
    validation: &Counts,
    options: &SelectOptions,
    rng: &mut dyn Rng,
) -> Result<Selection> {
    let labels = rows.labels();
    if labels != validation.labels() {
        let (expected, actual) = (labels.iter().sum(), validation.labels().iter().sum());
        return Err(CategoriesError::Count { what: "labels of the validation rows", expected, actual });
    }
    let classes: Vec<usize> = match options.classes {
        Some(classes) => vec![classes],
        None => {
            let all: usize = labels.iter().sum();
            let fits = |classes: usize| classes as f64 * ROWS <= rows.total() && classes.saturating_mul(all) <= NUMBERS;
            CLASSES.into_iter().filter(|&classes| classes == 1 || fits(classes)).collect()
        }
    };
    let mut search = Search { rows, validation, options, operations: 0.0, found: None };
    // The first smoothing that is tried, and how often more classes were no better.
    let (mut from, mut failures) = (0, 0);
    for classes in classes {
        let before = search.best();
        let mut best = f64::NEG_INFINITY;
        let smoothings: Vec<f64> = options.smoothing.map_or_else(|| SMOOTHINGS[from..].to_vec(), |one| vec![one]);
        for (index, smoothing) in smoothings.into_iter().enumerate() {
            if search.found.is_some() && search.operations >= options.operations {
                break;
            }
            let validation = search.candidate(classes, smoothing, rng)?;
            if validation <= best {
                break;
            }
            best = validation;
            if index > 0 {
                from += 1;
            }
        }
        // One column has no dependence that classes could describe.
        failures = if search.best() > before { 0 } else { failures + 1 };
        if failures >= PATIENCE || labels.len() == 1 || search.operations >= options.operations {
            break;
        }
    }
    search.found.ok_or(CategoriesError::NoClasses)
}

struct Search<'a> {
    rows: &'a Counts,
    validation: &'a Counts,
    options: &'a SelectOptions,
    operations: f64,
    found: Option<Selection>,
}

impl Search<'_> {
    /// The best mean log-density of the validation rows so far.
    fn best(&self) -> f64 {
        self.found.as_ref().map_or(f64::NEG_INFINITY, |found| found.trial().validation)
    }

    /// Fits a candidate, and returns the mean log-density of the validation rows.
    fn candidate(&mut self, classes: usize, smoothing: f64, rng: &mut dyn Rng) -> Result<f64> {
        let starts = if classes == 1 { 1 } else { self.options.starts.max(1) };
        let mut best: Option<(f64, LatentClasses)> = None;
        for _ in 0..starts {
            let mut em = Em::start(self.rows, classes, smoothing, rng)?;
            let done = em.run(self.options.em);
            let (rows, columns) = self.rows.rows().dim();
            self.operations += (done.iterations * rows * classes * columns) as f64;
            if best.as_ref().is_none_or(|(objective, _)| done.objective > *objective) {
                best = Some((done.objective, em.model()?));
            }
        }
        let (_, model) = best.ok_or(CategoriesError::NoClasses)?;
        let scores = model.log_density(self.validation.rows())?;
        let sum: f64 = scores.iter().zip(self.validation.counts()).map(|(score, count)| score * count).sum();
        let validation = sum / self.validation.total();
        let trial = Trial { classes, smoothing, validation };
        match &mut self.found {
            None => self.found = Some(Selection { model, trials: vec![trial], chosen: 0 }),
            Some(found) => {
                found.trials.push(trial);
                if validation > found.trials[found.chosen].validation {
                    (found.chosen, found.model) = (found.trials.len() - 1, model);
                }
            }
        }
        Ok(validation)
    }
}
