//! Questions to a flow by importance sampling.

use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut2, Axis, Slice};
use pdmap_core::{Flow, LayerError, Real, check};
use pdmap_mixture::SelectOptions;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::proposal::{Proposal, resampled};
use super::smoothed::{RELIABLE, Smoothed};
use crate::copula::Copula;
use crate::density::Density;
use crate::error::{QueryError, Result};
use crate::fit::fit_observed;

/// How questions are approximated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApproximateOptions {
    /// Draws for each density of a row, at least 100.
    pub draws: usize,
    /// Seed of all draws.
    pub seed: u64,
}

impl Default for ApproximateOptions {
    /// Two thousand draws, seed 0.
    fn default() -> Self {
        Self { draws: 2000, seed: 0 }
    }
}

/// A log-density that was estimated, and what its weights say of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Nats.
    pub log_density: f64,
    /// The number of equally weighted draws that would tell as much, `1/Σ w²`.
    pub effective: f64,
    /// `k̂`, the shape of the tail of the weights: moments of order `1/k` do not exist. `−∞` where
    /// nothing had to be estimated.
    pub pareto_k: f64,
}

impl Estimate {
    /// Of what was computed exactly.
    fn exact(log_density: f64, draws: usize) -> Self {
        Self { log_density, effective: draws as f64, pareto_k: f64::NEG_INFINITY }
    }

    /// Whether `k̂` is below [`RELIABLE`].
    pub fn is_reliable(&self) -> bool {
        self.pareto_k < RELIABLE
    }

    /// The log-density, if it is reliable.
    ///
    /// # Errors
    /// [`QueryError::Unreliable`], which names the row.
    pub fn value(&self, row: u64) -> Result<f64> {
        match self.is_reliable() {
            true => Ok(self.log_density),
            false => Err(QueryError::Unreliable { row, pareto_k: self.pareto_k, effective: self.effective }),
        }
    }
}

/// Approximate marginals and conditionals of any flow, by importance sampling:
///
/// ```text
/// p(x_A) = ∫ p(x_A, x_M) dx_M ≈ 1/S Σ_s p(x_A, x_M^s)/q(x_M^s | x_A),   x_M^s ~ q(· | x_A),
/// ```
///
/// where `q` is the conditional density of a [`Copula`] fitted to draws of the flow itself, with a
/// defensive part that has the tails of Student's t. Weights are Pareto smoothed, and the shape
/// `k̂` of their tail tells whether an estimate can be trusted: below 0.7 it can (Vehtari, Simpson,
/// Gelman, Yao & Gabry 2024). The same seed gives the same bits on any number of threads.
#[derive(Debug, Clone)]
pub struct Approximate<'f, F: Real> {
    flow: &'f Flow<F>,
    copula: Copula<F>,
    options: ApproximateOptions,
}

/// Fewest draws for a density: with fewer there is no tail to fit.
const LEAST: usize = 100;

/// Draws of the flow to which the copula is fitted, and those that judge it.
const FITTED: [usize; 2] = [3000, 750];

/// Floating-point operations for the fit, for each map of the columns.
const OPERATIONS: f64 = 2e9;

/// The stream of the draws that the copula is fitted to: no row has this number.
const FIT: u64 = u64::MAX;

/// Draws for each row that is asked for.
const POOL: usize = 16;

impl<'f, F: Real> Approximate<'f, F> {
    /// Fits a copula to draws of the flow.
    ///
    /// # Errors
    /// [`QueryError::Conditional`]; fewer than 100 draws; a flow that cannot be inverted at its samples, or whose
    /// columns do not vary.
    pub fn of(flow: &'f Flow<F>, options: ApproximateOptions) -> Result<Self> {
        Self::check(flow, options)?;
        let mut rng = ChaCha8Rng::seed_from_u64(options.seed);
        rng.set_stream(FIT);
        let rows = FITTED.map(|count| flow.sample(count, &mut rng));
        let [train, validation] = rows;
        let select = SelectOptions { operations: Some(OPERATIONS), ..SelectOptions::default() };
        let fitted = fit_observed(train?.view(), validation?.view(), &select, &mut rng)?;
        Self::by(flow, Copula::of(&fitted.flow)?, options)
    }

    /// With the conditional densities of this copula to draw from. The nearer it is to the flow,
    /// the better.
    ///
    /// # Errors
    /// [`QueryError::Conditional`]; fewer than 100 draws; a copula of another number of columns.
    pub fn by(flow: &'f Flow<F>, copula: Copula<F>, options: ApproximateOptions) -> Result<Self> {
        Self::check(flow, options)?;
        check::features("copula", flow.features(), copula.columns())?;
        Ok(Self { flow, copula, options })
    }

    fn check(flow: &Flow<F>, options: ApproximateOptions) -> Result<()> {
        let conditions = flow.conditions();
        if conditions > 0 {
            return Err(QueryError::Conditional { conditions });
        }
        if options.draws < LEAST {
            let value = options.draws as f64;
            return Err(LayerError::Range { what: "draws", value, range: "at least 100" }.into());
        }
        Ok(())
    }

    /// `log p` of the cells of each row that are there; missing cells, which are NaN, are
    /// integrated out. Rows have draws of their own, by their numbers from `first` on. A row
    /// without missing cells is exact.
    ///
    /// # Errors
    /// Rows of another number of columns; cells outside the domain of the flow or of the copula.
    pub fn log_density_observed(&self, rows: ArrayView2<'_, F>, first: u64) -> Result<Vec<Estimate>> {
        check::features("rows", self.flow.features(), rows.ncols())?;
        let of_row = |(number, row): (usize, ArrayView1<'_, F>)| {
            let missing = row.iter().filter(|cell| cell.is_nan()).count();
            match missing {
                0 => {
                    let exact = self.log_prob(row.insert_axis(Axis(0)))?;
                    Ok(Estimate::exact(exact[0], self.options.draws))
                }
                _ if missing == row.len() => Ok(Estimate::exact(0.0, self.options.draws)),
                _ => {
                    let Weighted { weights: Smoothed { log_mean, effective, shape, .. }, .. } =
                        self.weighted(row, self.options.draws, &mut self.stream(first + number as u64))?;
                    Ok(Estimate { log_density: log_mean, effective, pareto_k: shape })
                }
            }
        };
        let rows: Vec<_> = rows.rows().into_iter().enumerate().collect();
        rows.into_par_iter().map(of_row).collect()
    }

    /// `log p(x_A | x_B) = log p(x_A, x_B) − log p(x_B)` of each row, for the cells that are there:
    /// those of the `given` columns are `B`, the others `A`. The estimate has the larger `k̂` and
    /// the smaller effective number of the two.
    ///
    /// # Errors
    /// As [`log_density_observed`](Self::log_density_observed); a given column that does not exist.
    pub fn log_conditional(&self, rows: ArrayView2<'_, F>, given: &[usize], first: u64) -> Result<Vec<Estimate>> {
        let columns = rows.ncols();
        if let Some(&column) = given.iter().find(|&&column| column >= columns) {
            return Err(pdmap_mixture::MixtureError::Column { column, columns }.into());
        }
        let joint = self.log_density_observed(rows.reborrow(), first)?;
        let mut condition = Array2::from_elem(rows.dim(), F::nan());
        given.iter().for_each(|&column| condition.column_mut(column).assign(&rows.column(column)));
        let of_given = self.log_density_observed(condition.view(), first)?;
        let apart = |(joint, given): (Estimate, Estimate)| Estimate {
            log_density: joint.log_density - given.log_density,
            effective: joint.effective.min(given.effective),
            pareto_k: joint.pareto_k.max(given.pareto_k),
        };
        Ok(joint.into_iter().zip(of_given).map(apart).collect())
    }

    /// Draws the missing cells of rows, which are NaN, given the others: each row `copies` times,
    /// one after another. The draws are importance resampled (Rubin 1988), from sixteen times as
    /// many or from those of the options.
    ///
    /// # Errors
    /// [`QueryError::Unreliable`] for a row whose weights have a `k̂` of 0.7 or more; as
    /// [`log_density_observed`](Self::log_density_observed).
    pub fn complete(&self, rows: ArrayView2<'_, F>, copies: usize, first: u64) -> Result<Array2<F>> {
        check::features("rows", self.flow.features(), rows.ncols())?;
        let of_row = |(number, row): (usize, ArrayView1<'_, F>)| {
            let number = first + number as u64;
            let mut own = Array2::from_shape_fn((copies, row.len()), |(_, column)| row[column]);
            if copies > 0 && row.iter().any(|cell| cell.is_nan()) {
                self.fill(own.view_mut(), number)?;
            }
            Ok(own)
        };
        let numbered: Vec<_> = rows.rows().into_iter().enumerate().collect();
        let parts: Vec<Array2<F>> = numbered.into_par_iter().map(of_row).collect::<Result<_>>()?;
        let mut all = Array2::zeros((rows.nrows() * copies, rows.ncols()));
        for (mut to, part) in all.axis_chunks_iter_mut(Axis(0), copies.max(1)).zip(parts) {
            to.assign(&part);
        }
        Ok(all)
    }

    /// Fills copies of one row.
    fn fill(&self, mut copies: ArrayViewMut2<'_, F>, number: u64) -> Result<()> {
        let mut rng = self.stream(number);
        let count = copies.nrows();
        let draws = self.options.draws.max(POOL * count);
        let Weighted { rows, weights } = self.weighted(copies.row(0), draws, &mut rng)?;
        if weights.shape >= RELIABLE {
            let (pareto_k, effective) = (weights.shape, weights.effective);
            return Err(QueryError::Unreliable { row: number, pareto_k, effective });
        }
        for (mut copy, chosen) in copies.rows_mut().into_iter().zip(resampled(&weights.weights, count, &mut rng)) {
            copy.assign(&rows.row(chosen));
        }
        Ok(())
    }

    fn stream(&self, row: u64) -> ChaCha8Rng {
        let mut rng = ChaCha8Rng::seed_from_u64(self.options.seed);
        rng.set_stream(row);
        rng
    }

    /// Draws of the missing cells of a row, and their weights.
    fn weighted(&self, row: ArrayView1<'_, F>, draws: usize, rng: &mut ChaCha8Rng) -> Result<Weighted<F>> {
        let observed: Vec<usize> = (0..row.len()).filter(|&column| !row[column].is_nan()).collect();
        let density: Density<'_, F> = if observed.is_empty() {
            self.copula.marginal(&(0..row.len()).collect::<Vec<_>>())?
        } else {
            let values = row.select(Axis(0), &observed);
            self.copula.given(&observed)?.at(values.view())?
        };
        let proposal = Proposal::new(density.mixture());
        let z = proposal.draw(draws, rng)?;
        let log_q = proposal.log_density(z.view())?;
        let mut rows = Array2::from_shape_fn((draws, row.len()), |(_, column)| row[column]);
        let mut log_weights = vec![f64::NEG_INFINITY; draws];
        // Codes far out may have no cells, or cells no density: such draws have the weight 0.
        let mut parts = vec![(0, draws)];
        while let Some((from, to)) = parts.pop() {
            let range = Slice::from(from..to);
            match self.part(&density, z.slice_axis(Axis(0), range), rows.slice_axis_mut(Axis(0), range)) {
                Ok(log_p) => {
                    for (at, log_p) in (from..to).zip(log_p) {
                        log_weights[at] = if log_p.is_nan() { f64::NEG_INFINITY } else { log_p - log_q[at] };
                    }
                }
                Err(error) if !is_of_a_row(&error) => return Err(error),
                Err(_) if to - from == 1 => {}
                Err(_) => {
                    let middle = from.midpoint(to);
                    parts.extend([(middle, to), (from, middle)]);
                }
            }
        }
        Ok(Weighted { rows, weights: Smoothed::of(&log_weights) })
    }

    /// Writes the cells of codes to rows: `log p(x) − Σ log g'` of these, the density of the codes.
    fn part(
        &self,
        density: &Density<'_, F>,
        z: ArrayView2<'_, f64>,
        mut rows: ArrayViewMut2<'_, F>,
    ) -> Result<Vec<f64>> {
        let cells = density.decode(z)?;
        let log_slopes = density.log_slopes(cells.view())?;
        for (&column, cells) in density.columns().iter().zip(cells.columns()) {
            rows.column_mut(column).assign(&cells);
        }
        let log_p = self.log_prob(rows.view())?;
        Ok(log_p.iter().zip(log_slopes).map(|(log_p, slope)| log_p - slope).collect())
    }

    fn log_prob(&self, rows: ArrayView2<'_, F>) -> Result<Vec<f64>> {
        Ok(self.flow.log_prob(rows)?)
    }
}

/// Draws and their weights.
struct Weighted<F> {
    rows: Array2<F>,
    weights: Smoothed,
}

/// Whether an error is of one row, and not of all.
fn is_of_a_row(error: &QueryError) -> bool {
    matches!(error, QueryError::Core(LayerError::NonFinite { .. } | LayerError::Domain { .. }))
}
