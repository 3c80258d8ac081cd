//! The M-step.

use ndarray::{Array2, ArrayView2};
use pdmap_core::linalg::{Add, Cholesky, gemm, symmetric_eigen};

use super::coefficients::{Component, precision, write};
use super::design::Design;
use super::prior::Prior;
use super::scatter::{matrix, matrix_mut, shrunk, view, view_mut};
use super::state::State;
use crate::covariance::CovarianceForm;
use crate::error::Result;
use crate::standardized::Standardized;
use crate::weighted::add_products;

/// Updates of loadings and uniquenesses in each M-step.
const FACTOR_STEPS: usize = 2;

/// Memory of the M-step, and what it needs besides the sums.
#[derive(Debug)]
pub(super) struct Maximization {
    /// `ν Σ_0 + c I`.
    psi: Array2<f64>,
    /// ν.
    rows: f64,
    /// `Σ_n w_n x_n x_nᵀ` for tied covariances, whose passes do not sum products.
    total: Array2<f64>,
    cholesky: Cholesky,
    covariance: Vec<f64>,
    precision: Vec<f64>,
    scratch: [Vec<f64>; 4],
    small: Cholesky,
}

impl Maximization {
    /// For `components` components on rows of standardized columns.
    pub(super) fn new(form: CovarianceForm, components: usize, rows: &Standardized, prior: &Prior) -> Result<Self> {
        let (count, columns) = (rows.total(), rows.columns());
        let shares = if form == CovarianceForm::Tied { 1 } else { components };
        let mut psi = &prior.target * prior.rows;
        psi.diag_mut().iter_mut().for_each(|value| *value += prior.floor * count / shares.max(1) as f64);
        let mut total = Array2::zeros((0, 0));
        if form == CovarianceForm::Tied {
            total = Array2::zeros((columns, columns));
            add_products(1.0, rows.rows(), rows.weights(), total.view_mut())?;
        }
        let square = columns * columns;
        let dense = if form == CovarianceForm::Diagonal { 0 } else { square };
        let own = Self {
            psi,
            rows: prior.rows,
            total,
            cholesky: Cholesky::default(),
            covariance: vec![0.0; dense.max(columns)],
            precision: vec![0.0; dense.max(columns)],
            scratch: Default::default(),
            small: Cholesky::default(),
        };
        Ok(own)
    }

    /// The components that maximize the expected penalized log-likelihood for these `sums`, their
    /// `coefficients`, and the penalty.
    pub(super) fn run(&mut self, state: &mut State, sums: &[f64], coefficients: &mut [f64]) -> Result<f64> {
        let (columns, components) = (state.columns, state.components());
        let design = Design::of(state.form);
        let width = design.width(columns);
        let all: f64 = (0..components).map(|k| sums[k * width]).sum();
        for k in 0..components {
            let (own, mean) = (&sums[k * width..(k + 1) * width], &mut state.means[k * columns..(k + 1) * columns]);
            state.log_weights[k] = (own[0] / all).ln();
            mean.iter_mut().zip(&own[1..]).for_each(|(mean, sum)| *mean = sum / own[0]);
        }
        let mut penalty = 0.0;
        if state.form == CovarianceForm::Tied {
            penalty += self.tied(state, sums, width, all)?;
        }
        for k in 0..components {
            let own = &sums[k * width..(k + 1) * width];
            penalty += match state.form {
                CovarianceForm::Tied => 0.0,
                CovarianceForm::Diagonal => self.diagonal(state, k, own),
                CovarianceForm::Full => {
                    let mean = &state.means[k * columns..(k + 1) * columns];
                    shrunk(own, mean, self.psi.view(), self.rows, &mut self.covariance)?;
                    self.dense(state, k)?
                }
                CovarianceForm::LowRank { .. } => {
                    let mean = &state.means[k * columns..(k + 1) * columns];
                    shrunk(own, mean, self.psi.view(), self.rows, &mut self.covariance)?;
                    self.low_rank(state, k)?;
                    self.dense(state, k)?
                }
            };
            let component = Component {
                log_weight: state.log_weights[k],
                log_det: state.log_dets[if state.form == CovarianceForm::Tied { 0 } else { k }],
                mean: &state.means[k * columns..(k + 1) * columns],
            };
            write(design, &component, &self.precision, &mut coefficients[k * width..(k + 1) * width]);
        }
        Ok(penalty)
    }

    /// The precision of the last component.
    pub(super) fn precision(&self) -> &[f64] {
        &self.precision
    }

    /// Sets the precision that tied components have in common.
    pub(super) fn set_precision(&mut self, precision: &[f64]) {
        self.precision.iter_mut().zip(precision).for_each(|(to, &from)| *to = from);
    }

    /// `−½ Σ_n x_nᵀP x_n`, which the coefficients of tied components leave out.
    pub(super) fn common(&self, state: &State) -> f64 {
        if state.form == CovarianceForm::Tied {
            let product = self.precision.iter().zip(&self.total).map(|(p, total)| p * total);
            return -0.5 * product.sum::<f64>();
        }
        0.0
    }

    /// One covariance: that of all rows around the means of their components.
    fn tied(&mut self, state: &mut State, sums: &[f64], width: usize, all: f64) -> Result<f64> {
        let columns = state.columns;
        let mut scatter = view_mut(&mut self.covariance, columns)?;
        scatter.assign(&self.total);
        for (k, mean) in state.means.chunks_exact(columns).enumerate() {
            let count = sums[k * width];
            for i in 0..columns {
                for j in 0..columns {
                    scatter[[i, j]] -= count * mean[i] * mean[j];
                }
            }
        }
        scatter += &self.psi;
        scatter /= all + self.rows;
        self.dense(state, 0)
    }

    /// The factor and the precision of component `k` with the covariance in `self.covariance`.
    fn dense(&mut self, state: &mut State, k: usize) -> Result<f64> {
        let (columns, square) = (state.columns, state.columns * state.columns);
        let covariance = &self.covariance[..square];
        self.cholesky.refactor(columns, |to| to.copy_from_slice(covariance))?;
        let factor = &mut state.factors[k * square..(k + 1) * square];
        self.cholesky.inverse_into(view_mut(factor, columns)?)?;
        state.log_dets[k] = -0.5 * self.cholesky.log_det();
        precision(factor, columns, &mut self.precision)?;
        let trace: f64 = self.precision.iter().zip(&self.psi).map(|(p, psi)| p * psi).sum();
        Ok(self.rows * state.log_dets[k] - 0.5 * trace)
    }

    fn diagonal(&mut self, state: &mut State, k: usize, sums: &[f64]) -> f64 {
        let columns = state.columns;
        let mean = &state.means[k * columns..(k + 1) * columns];
        let factor = &mut state.factors[k * columns..(k + 1) * columns];
        let (mut log_det, mut trace) = (0.0, 0.0);
        for i in 0..columns {
            let psi = self.psi[[i, i]];
            // Rounding may take the difference of two large numbers below 0.
            let scatter = (sums[1 + columns + i] - sums[0] * mean[i] * mean[i]).max(0.0);
            let precision = (sums[0] + self.rows) / (scatter + psi);
            factor[i] = precision.sqrt();
            self.precision[i] = precision;
            log_det += factor[i].ln();
            trace += precision * psi;
        }
        state.log_dets[k] = log_det;
        self.rows * log_det - 0.5 * trace
    }

    /// Replaces `S` in `self.covariance` by `diag(ψ) + ΛΛᵀ` with improved loadings: steps of the EM
    /// algorithm of factor analysis (Rubin & Thayer 1982),
    ///
    /// ```text
    /// β = Λᵀ Σ⁻¹,   M = I − βΛ + βSβᵀ,   Λ⁺ = Sβᵀ M⁻¹,   ψ⁺ = diag(S − Λ⁺ β S).
    /// ```
    ///
    /// The first call starts from the principal axes of `S`.
    fn low_rank(&mut self, state: &mut State, k: usize) -> Result<()> {
        let (columns, rank) = (state.columns, state.rank());
        let loading = &mut state.loadings[k * columns * rank..(k + 1) * columns * rank];
        let psi = &mut state.uniquenesses[k * columns..(k + 1) * columns];
        if psi.iter().all(|&psi| psi == 0.0) {
            start(view(&self.covariance, columns)?, rank, loading, psi)?;
        }
        let [beta, product, small, inverse] = &mut self.scratch;
        beta.resize(rank * columns, 0.0);
        product.resize(columns * rank, 0.0);
        small.resize(rank * rank, 0.0);
        inverse.resize((columns * columns).max(rank * rank + rank * columns), 0.0);
        for _ in 0..FACTOR_STEPS {
            // Σ⁻¹ by its factor.
            self.cholesky.refactor(columns, |to| write_covariance(loading, psi, rank, to))?;
            self.cholesky.inverse_into(matrix_mut(inverse, columns, columns)?)?;
            precision(&inverse[..columns * columns], columns, &mut self.precision)?;
            let sigma = view(&self.covariance, columns)?;
            let lambda = matrix(loading, columns, rank)?;
            gemm(1.0, lambda.t(), view(&self.precision, columns)?, Add::No, matrix_mut(beta, rank, columns)?)?;
            let beta = matrix(beta, rank, columns)?;
            gemm(1.0, sigma, beta.t(), Add::No, matrix_mut(product, columns, rank)?)?;
            let s_beta = matrix(product, columns, rank)?;
            gemm(1.0, beta, s_beta, Add::No, matrix_mut(small, rank, rank)?)?;
            gemm(-1.0, beta, lambda, Add::Yes, matrix_mut(small, rank, rank)?)?;
            small.iter_mut().step_by(rank + 1).for_each(|value| *value += 1.0);
            self.small.refactor(rank, |to| to.copy_from_slice(small))?;
            let (root, half) = inverse.split_at_mut(rank * rank);
            self.small.inverse_into(matrix_mut(root, rank, rank)?)?;
            let root = matrix(root, rank, rank)?;
            gemm(1.0, root, s_beta.t(), Add::No, matrix_mut(half, rank, columns)?)?;
            gemm(1.0, matrix(half, rank, columns)?.t(), root, Add::No, matrix_mut(loading, columns, rank)?)?;
            for (i, psi) in psi.iter_mut().enumerate() {
                let explained: f64 = (0..rank).map(|j| loading[i * rank + j] * s_beta[[i, j]]).sum();
                let own = sigma[[i, i]];
                *psi = (own - explained).max(f64::EPSILON * own);
            }
        }
        write_covariance(loading, psi, rank, &mut self.covariance);
        Ok(())
    }
}

/// `diag(ψ) + ΛΛᵀ`.
fn write_covariance(loading: &[f64], psi: &[f64], rank: usize, out: &mut [f64]) {
    let columns = psi.len();
    for (i, a) in loading.chunks_exact(rank).enumerate() {
        for (j, b) in loading.chunks_exact(rank).enumerate().take(i + 1) {
            let own = if i == j { psi[i] } else { 0.0 };
            let value = own + a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
            (out[i * columns + j], out[j * columns + i]) = (value, value);
        }
    }
}

/// The first loadings: the principal axes of `S` beyond the mean variance along the others.
fn start(covariance: ArrayView2<'_, f64>, rank: usize, loading: &mut [f64], psi: &mut [f64]) -> Result<()> {
    let columns = psi.len();
    let (values, vectors) = symmetric_eigen(covariance)?;
    let others = values.len() - rank;
    // With as many loadings as columns, a tenth of the smallest variance is left to ψ.
    let rest =
        if others == 0 { 0.1 * values[columns - 1] } else { values.iter().skip(rank).sum::<f64>() / others as f64 };
    for i in 0..columns {
        let mut explained = 0.0;
        for j in 0..rank {
            let value = vectors[[i, j]] * (values[j] - rest).max(0.0).sqrt();
            loading[i * rank + j] = value;
            explained += value * value;
        }
        psi[i] = (covariance[[i, i]] - explained).max(0.01 * covariance[[i, i]]);
    }
    Ok(())
}
