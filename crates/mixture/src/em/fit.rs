//! The EM iteration.

use ndarray::{Array1, Array2, ArrayView2};
use pdmap_core::{LayerError, check};

use super::coefficients::{Component, precision, write};
use super::design::Design;
use super::expectation::{Expectation, Source};
use super::maximization::Maximization;
use super::observed::{Observed, Responsible};
use super::prior::Prior;
use super::state::State;
use crate::covariance::CovarianceForm;
use crate::error::{MixtureError, Result};
use crate::factor::PrecisionFactor;
use crate::gaussian::Gaussian;
use crate::mixture::GaussianMixture;
use crate::standardized::Standardized;

/// When an EM iteration ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EmOptions {
    /// Iterations at most.
    pub iterations: usize,
    /// Least gain of the mean penalized log-likelihood, in nats a row, for another iteration.
    pub tolerance: f64,
}

impl Default for EmOptions {
    /// At most 200 iterations, each of which gains 1e-4 nats a row.
    fn default() -> Self {
        Self { iterations: 200, tolerance: 1e-4 }
    }
}

/// What an iteration found. All means are over rows, in nats a row, in standardized coordinates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Iterations so far.
    pub iterations: usize,
    /// Mean log-likelihood of the components before the iteration.
    pub log_likelihood: f64,
    /// The same with the penalty of the [`Prior`]; iterations do not decrease it, except where they
    /// leave components out.
    pub penalized: f64,
    /// Components after the iteration.
    pub components: usize,
}

/// Iterations for one normal density at most.
const OVERALL: usize = 50;

/// Rows that a component needs: one with fewer (in sums of posteriors) is left out.
const LEAST: f64 = 0.5;

/// An EM iteration on [`Standardized`] rows. After the first, iterations allocate nothing, unless
/// cells are missing: then the E-step takes their expectations given the observed cells of the row.
///
/// ```
/// use ndarray::Array2;
/// use pdmap_mixture::{CovarianceForm, Em, EmOptions, Prior, Standardized, kmeans};
/// use rand::SeedableRng;
///
/// # fn main() -> pdmap_mixture::Result<()> {
/// let x = Array2::from_shape_fn((200, 2), |(i, j)| ((i * i + j) as f64).sin() + 8.0 * (i % 2) as f64);
/// let rows = Standardized::new(x.view())?;
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
/// let start = kmeans(rows.rows(), 2, &mut rng)?;
/// let mut em = Em::new(&rows, CovarianceForm::Full, 2, &Prior::floor(2))?;
/// em.start(&start.labels)?;
/// em.run(EmOptions::default())?;
/// let mixture = rows.restore(&em.mixture()?)?;
/// assert!((mixture.weights()[0] - 0.5).abs() < 1e-6);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Em<'a> {
    rows: &'a Standardized,
    numbers: &'a [f64],
    state: State,
    expectation: Expectation,
    /// The E-step of rows with missing cells.
    observed: Option<Observed>,
    maximization: Maximization,
    sums: Vec<f64>,
    coefficients: Vec<f64>,
    /// The penalty of the present components.
    penalty: f64,
    iterations: usize,
}

impl<'a> Em<'a> {
    /// Memory for `components` components. They are set by [`start`](Self::start) or
    /// [`resume`](Self::resume).
    ///
    /// # Errors
    /// No components; a prior for another number of columns, with a negative number of rows or a
    /// floor that is not positive; a rank of 0; missing cells with tied covariances.
    pub fn new(rows: &'a Standardized, form: CovarianceForm, components: usize, prior: &Prior) -> Result<Self> {
        let columns = rows.columns();
        if components == 0 {
            return Err(MixtureError::NoComponents);
        }
        if form == (CovarianceForm::LowRank { rank: 0 }) {
            return Err(LayerError::Range { what: "rank", value: 0.0, range: "at least 1" }.into());
        }
        if form == CovarianceForm::Tied && rows.has_missing() {
            return Err(LayerError::Conflict { first: "missing cells", second: "tied covariances" }.into());
        }
        check_prior(prior, columns)?;
        let design = Design::of(form);
        let size = components * design.width(columns);
        Ok(Self {
            rows,
            numbers: numbers(rows.rows())?,
            state: State::new(form, components, columns),
            expectation: Expectation::new(design, columns, rows.count()),
            observed: rows.has_missing().then(|| Observed::new(design, rows.rows())),
            maximization: Maximization::new(form, components, rows, prior)?,
            sums: vec![0.0; size],
            coefficients: vec![0.0; size],
            penalty: 0.0,
            iterations: 0,
        })
    }

    /// Starts with the covariances and means of groups of rows: the component of each row. A
    /// component without rows is left out.
    ///
    /// # Errors
    /// Another number of labels than rows; a label that is no component.
    pub fn start(&mut self, labels: &[usize]) -> Result<()> {
        let (expected, actual) = (self.rows.count(), labels.len());
        if expected != actual {
            return Err(MixtureError::Count { what: "labels of rows", expected, actual });
        }
        let components = self.state.components();
        if let Some(&label) = labels.iter().find(|label| **label >= components) {
            let (value, range) = (label as f64, "below the number of components");
            return Err(LayerError::Range { what: "label", value, range }.into());
        }
        match &self.observed {
            None => self.expectation.run(
                (self.numbers, self.rows.weights()),
                Source::Labels(labels),
                components,
                &mut self.sums,
            )?,
            Some(observed) => {
                let from = GaussianMixture::of_one(self.before(components)?);
                observed.run(self.rows, &from, (Responsible::Labels(labels), components), &mut self.sums)?
            }
        };
        self.maximize()
    }

    /// What is known of missing cells before the first components: one normal density for all rows,
    /// and for that one the standard normal density.
    fn before(&self, components: usize) -> Result<Gaussian> {
        if components > 1 {
            return Self::overall(self.rows, self.state.columns as f64);
        }
        let columns = self.state.columns;
        Gaussian::new(Array1::zeros(columns), PrecisionFactor::Dense(Array2::eye(columns)))
    }

    /// One normal density for all rows: the most likely one, if uncorrelated columns count as
    /// `shrinkage` rows.
    pub(crate) fn overall(rows: &'a Standardized, shrinkage: f64) -> Result<Gaussian> {
        let mut one = Self::new(rows, CovarianceForm::Full, 1, &Prior::new(shrinkage, Array2::eye(rows.columns())))?;
        one.start(&vec![0; rows.count()])?;
        one.run(EmOptions { iterations: OVERALL, ..EmOptions::default() })?;
        Ok(one.mixture()?.components()[0].clone())
    }

    /// Factorizations of an iteration for each component because of missing cells.
    pub(crate) fn factorizations(&self) -> usize {
        self.observed.as_ref().map_or(0, Observed::factorizations)
    }

    /// Starts with the components of a mixture in standardized coordinates.
    ///
    /// # Errors
    /// A mixture of another number of columns, or of more components than there is memory for.
    pub fn resume(&mut self, mixture: &GaussianMixture) -> Result<()> {
        let (columns, components) = (self.state.columns, mixture.components().len());
        check::features("mixture", columns, mixture.columns())?;
        while self.state.components() > components {
            self.state.remove(components);
        }
        let (expected, actual) = (self.state.components(), components);
        if expected != actual {
            return Err(MixtureError::Count { what: "components to resume with", expected, actual });
        }
        let (form, design) = (self.state.form, Design::of(self.state.form));
        let (width, mut square) = (design.width(columns), vec![0.0; columns * columns]);
        for (k, component) in mixture.components().iter().enumerate() {
            let mean = &mut self.state.means[k * columns..(k + 1) * columns];
            mean.iter_mut().zip(component.mean()).for_each(|(to, &from)| *to = from);
            let factor = component.factor().matrix();
            self.state.set_factor(k, &factor, component.factor().log_det());
            if form == CovarianceForm::Diagonal {
                square.iter_mut().zip(factor.diag()).for_each(|(to, value)| *to = value * value);
            } else {
                precision(factor.as_slice().unwrap_or(&[]), columns, &mut square)?;
            }
            self.state.log_weights[k] = mixture.log_weights()[k];
            let (log_weight, log_det) = (mixture.log_weights()[k], component.factor().log_det());
            let mean = &self.state.means[k * columns..(k + 1) * columns];
            let component = Component { log_weight, log_det, mean };
            write(design, &component, &square, &mut self.coefficients[k * width..(k + 1) * width]);
        }
        // Tied components have the last one in common.
        self.maximization.set_precision(&square);
        self.penalty = f64::NEG_INFINITY;
        Ok(())
    }

    /// Goes on under another prior.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn set_prior(&mut self, prior: &Prior) -> Result<()> {
        check_prior(prior, self.state.columns)?;
        let components = self.state.components();
        let next = Maximization::new(self.state.form, components, self.rows, prior)?;
        let last = std::mem::replace(&mut self.maximization, next);
        self.maximization.set_precision(last.precision());
        self.penalty = f64::NEG_INFINITY;
        Ok(())
    }

    /// One iteration: the posterior of the components for each row, and the components that
    /// maximize the expected penalized log-likelihood under it.
    ///
    /// # Errors
    /// A log-likelihood that is not finite; a covariance that is not positive definite.
    pub fn step(&mut self) -> Result<Progress> {
        let count = self.rows.total();
        let components = self.state.components();
        let log_likelihood = match &self.observed {
            None => {
                let source = Source::Coefficients(&self.coefficients);
                let common = self.maximization.common(&self.state);
                let rows = (self.numbers, self.rows.weights());
                common + self.expectation.run(rows, source, components, &mut self.sums)?
            }
            Some(observed) => {
                let (mixture, how) = (self.state.mixture()?, (Responsible::Posterior, components));
                observed.run(self.rows, &mixture, how, &mut self.sums)?
            }
        };
        let penalized = (log_likelihood + self.penalty) / count;
        self.maximize()?;
        self.iterations += 1;
        let (iterations, components) = (self.iterations, self.state.components());
        Ok(Progress { iterations, log_likelihood: log_likelihood / count, penalized, components })
    }

    /// Iterates until the gain is small.
    ///
    /// # Errors
    /// As [`step`](Self::step).
    pub fn run(&mut self, options: EmOptions) -> Result<Progress> {
        let mut last = self.step()?;
        for _ in 1..options.iterations {
            let next = self.step()?;
            let (gain, left_out) = (next.penalized - last.penalized, next.components < last.components);
            last = next;
            if gain < options.tolerance && !left_out {
                break;
            }
        }
        Ok(last)
    }

    /// Iterations so far.
    pub fn iterations(&self) -> usize {
        self.iterations
    }

    /// Present components.
    pub fn components(&self) -> usize {
        self.state.components()
    }

    /// The present components as a mixture, in standardized coordinates:
    /// [`Standardized::restore`] gives that of the rows.
    ///
    /// # Errors
    /// None after a start.
    pub fn mixture(&self) -> Result<GaussianMixture> {
        self.state.mixture()
    }

    /// The M-step for the present sums, of components that have rows.
    fn maximize(&mut self) -> Result<()> {
        let width = Design::of(self.state.form).width(self.state.columns);
        let mut k = 0;
        while k < self.state.components() {
            if self.sums[k * width] >= LEAST || self.state.components() == 1 {
                k += 1;
                continue;
            }
            let end = self.state.components() * width;
            self.sums.copy_within((k + 1) * width..end, k * width);
            self.state.remove(k);
        }
        self.penalty = self.maximization.run(&mut self.state, &self.sums, &mut self.coefficients)?;
        Ok(())
    }
}

fn check_prior(prior: &Prior, columns: usize) -> Result<()> {
    let Prior { rows, target, floor } = prior;
    check::shape("target of a prior", (columns, columns), target.dim())?;
    check::finite("target of a prior", target.view())?;
    if !(*rows >= 0.0 && rows.is_finite()) {
        return Err(LayerError::Range { what: "rows of a prior", value: *rows, range: "at least 0 and finite" }.into());
    }
    if !(*floor > 0.0 && floor.is_finite()) {
        return Err(LayerError::Range { what: "floor of a prior", value: *floor, range: "positive and finite" }.into());
    }
    Ok(())
}

fn numbers(matrix: ArrayView2<'_, f64>) -> Result<&[f64]> {
    matrix.to_slice().ok_or_else(|| LayerError::Layout { what: "rows", strides: Vec::new() }.into())
}
