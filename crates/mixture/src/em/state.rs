//! The components while they are fitted.

use ndarray::{Array1, Array2};

use super::scatter::view;
use crate::covariance::CovarianceForm;
use crate::error::Result;
use crate::factor::PrecisionFactor;
use crate::gaussian::Gaussian;
use crate::mixture::GaussianMixture;

/// Components as flat lists, for which memory is taken once.
#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) form: CovarianceForm,
    pub(super) columns: usize,
    /// `log π_k`.
    pub(super) log_weights: Vec<f64>,
    /// `[K, D]`.
    pub(super) means: Vec<f64>,
    /// Factors of precisions: `[K, D, D]`, `[D, D]` if tied, `[K, D]` if diagonal.
    pub(super) factors: Vec<f64>,
    /// `log|det L_k|`; one number if tied.
    pub(super) log_dets: Vec<f64>,
    /// `Λ_k` of low-rank covariances, `[K, D, rank]`; empty before the first M-step.
    pub(super) loadings: Vec<f64>,
    /// `ψ_k` of low-rank covariances, `[K, D]`.
    pub(super) uniquenesses: Vec<f64>,
}

impl State {
    /// Memory for `components` components.
    pub(super) fn new(form: CovarianceForm, components: usize, columns: usize) -> Self {
        let size = match form {
            CovarianceForm::Full | CovarianceForm::LowRank { .. } => components * columns * columns,
            CovarianceForm::Tied => columns * columns,
            CovarianceForm::Diagonal => components * columns,
        };
        let rank = match form {
            CovarianceForm::LowRank { rank } => rank.min(columns),
            _ => 0,
        };
        let tied = form == CovarianceForm::Tied;
        Self {
            form,
            columns,
            log_weights: vec![0.0; components],
            means: vec![0.0; components * columns],
            factors: vec![0.0; size],
            log_dets: vec![0.0; if tied { 1 } else { components }],
            loadings: vec![0.0; components * columns * rank],
            uniquenesses: vec![0.0; if rank > 0 { components * columns } else { 0 }],
        }
    }

    pub(super) fn components(&self) -> usize {
        self.log_weights.len()
    }

    /// Columns of `Λ_k`.
    pub(super) fn rank(&self) -> usize {
        match self.form {
            CovarianceForm::LowRank { rank } => rank.min(self.columns),
            _ => 0,
        }
    }

    /// Leaves component `index` out.
    pub(super) fn remove(&mut self, index: usize) {
        let components = self.components();
        let lists = [
            &mut self.log_weights,
            &mut self.means,
            &mut self.factors,
            &mut self.log_dets,
            &mut self.loadings,
            &mut self.uniquenesses,
        ];
        let tied = self.form == CovarianceForm::Tied;
        for (at, list) in lists.into_iter().enumerate() {
            // The factor of tied covariances and its log-determinant belong to all.
            if !(tied && (at == 2 || at == 3)) {
                let size = list.len() / components;
                list.drain(index * size..(index + 1) * size);
            }
        }
    }

    /// Sets the factor of component `k`; of all if tied.
    pub(super) fn set_factor(&mut self, k: usize, factor: &Array2<f64>, log_det: f64) {
        let (columns, square) = (self.columns, self.columns * self.columns);
        match self.form {
            CovarianceForm::Diagonal => {
                let own = &mut self.factors[k * columns..(k + 1) * columns];
                own.iter_mut().zip(factor.diag()).for_each(|(to, &from)| *to = from);
                self.log_dets[k] = own.iter().map(|value| value.ln()).sum();
            }
            CovarianceForm::Tied => {
                self.factors.iter_mut().zip(factor).for_each(|(to, &from)| *to = from);
                self.log_dets[0] = log_det;
            }
            CovarianceForm::Full | CovarianceForm::LowRank { .. } => {
                let own = &mut self.factors[k * square..(k + 1) * square];
                own.iter_mut().zip(factor).for_each(|(to, &from)| *to = from);
                self.log_dets[k] = log_det;
            }
        }
    }

    /// The mixture.
    pub(super) fn mixture(&self) -> Result<GaussianMixture> {
        let (columns, square) = (self.columns, self.columns * self.columns);
        let component = |k: usize| {
            let factor = match self.form {
                CovarianceForm::Full | CovarianceForm::LowRank { .. } => {
                    PrecisionFactor::Dense(view(&self.factors[k * square..(k + 1) * square], columns)?.to_owned())
                }
                CovarianceForm::Tied => PrecisionFactor::Dense(view(&self.factors, columns)?.to_owned()),
                CovarianceForm::Diagonal => {
                    PrecisionFactor::Diagonal(Array1::from(self.factors[k * columns..(k + 1) * columns].to_vec()))
                }
            };
            Gaussian::new(Array1::from(self.means[k * columns..(k + 1) * columns].to_vec()), factor)
        };
        let weights: Vec<f64> = self.log_weights.iter().map(|weight| weight.exp()).collect();
        GaussianMixture::new(&weights, (0..self.components()).map(component).collect::<Result<_>>()?)
    }
}
