//! Mixtures of normal densities.

use ndarray::{Array2, ArrayView1, ArrayView2, Axis, Slice};
use pdmap_core::row_weights::mean;
use pdmap_core::special::log_sum_exp;
use pdmap_core::{check, parallel};
use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

use crate::error::{MixtureError, Result};
use crate::gaussian::Gaussian;
use crate::weighted::WeightedRows;

/// `log p(x) = log Σ_k π_k N(x; μ_k, Σ_k)`, in nats.
///
/// Rows are `[rows, columns]`.
#[derive(Debug, Clone, PartialEq)]
pub struct GaussianMixture {
    /// `log π_k`, of weights that sum to 1.
    pub(crate) log_weights: Vec<f64>,
    pub(crate) components: Vec<Gaussian>,
}

/// Rows that are evaluated together. Results do not depend on it, up to rounding.
const BLOCK: usize = 1024;

impl GaussianMixture {
    /// The mixture of these components, with weights in proportion to `weights`.
    ///
    /// # Errors
    /// No components; components of different numbers of columns; weights that are not finite,
    /// negative or all 0. A component of weight 0 is left out.
    pub fn new(weights: &[f64], components: Vec<Gaussian>) -> Result<Self> {
        let (expected, actual) = (components.len(), weights.len());
        if expected != actual {
            return Err(MixtureError::Count { what: "weights of a mixture", expected, actual });
        }
        let first = components.first().ok_or(MixtureError::NoComponents)?.columns();
        if let Some(other) = components.iter().find(|component| component.columns() != first) {
            let (what, actual) = ("columns of the components of a mixture", other.columns());
            return Err(MixtureError::Count { what, expected: first, actual });
        }
        let wrong = weights.iter().enumerate().find(|(_, weight)| !(**weight >= 0.0 && weight.is_finite()));
        if let Some((component, &value)) = wrong {
            return Err(MixtureError::Weight { component, value });
        }
        let sum: f64 = weights.iter().sum();
        if !(sum > 0.0 && sum.is_finite()) {
            return Err(MixtureError::Weight { component: 0, value: weights[0] });
        }
        let kept = weights.iter().zip(components).filter(|(weight, _)| **weight > 0.0);
        let (log_weights, components) = kept.map(|(weight, component)| ((weight / sum).ln(), component)).unzip();
        Ok(Self { log_weights, components })
    }

    /// One normal density.
    pub fn of_one(component: Gaussian) -> Self {
        Self { log_weights: vec![0.0], components: vec![component] }
    }

    /// The components.
    pub fn components(&self) -> &[Gaussian] {
        &self.components
    }

    /// `log π_k`.
    pub fn log_weights(&self) -> &[f64] {
        &self.log_weights
    }

    /// `π_k`, which sum to 1.
    pub fn weights(&self) -> Vec<f64> {
        self.log_weights.iter().map(|weight| weight.exp()).collect()
    }

    /// Columns of a row.
    pub fn columns(&self) -> usize {
        self.components.first().map_or(0, Gaussian::columns)
    }

    /// `log p(x)` of each row, in nats.
    ///
    /// # Errors
    /// Rows of another number of columns, or that are not finite.
    pub fn log_density(&self, rows: ArrayView2<'_, f64>) -> Result<Vec<f64>> {
        let joint = self.log_joint(rows)?;
        Ok(joint.rows().into_iter().map(|row| log_sum_exp(row.iter().copied())).collect())
    }

    /// The mean of `log p(x)` over rows, in nats a row; NaN without rows.
    ///
    /// # Errors
    /// As [`log_density`](Self::log_density).
    pub fn mean_log_density<'a>(&self, rows: impl Into<WeightedRows<'a>>) -> Result<f64> {
        let WeightedRows { rows, weights } = rows.into();
        Ok(mean(&self.log_density(rows)?, weights))
    }

    /// The posterior `p(k | x) = π_k N(x; μ_k, Σ_k) / p(x)` of the components, `[rows, K]`.
    ///
    /// # Errors
    /// As [`log_density`](Self::log_density).
    pub fn posterior(&self, rows: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
        let mut joint = self.log_joint(rows)?;
        for mut row in joint.rows_mut() {
            let total = log_sum_exp(row.iter().copied());
            row.mapv_inplace(|joint| (joint - total).exp());
        }
        Ok(joint)
    }

    /// `log(π_k N(x; μ_k, Σ_k))` for each row and component, `[rows, K]`.
    ///
    /// # Errors
    /// As [`log_density`](Self::log_density).
    pub fn log_joint(&self, rows: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
        check::features("rows", self.columns(), rows.ncols())?;
        check::finite("rows", rows.reborrow())?;
        let mut joint = Array2::zeros((rows.nrows(), self.components.len()));
        let (count, mut view) = (self.components.len(), joint.view_mut());
        let blocks = check::slice_mut("log-densities", &mut view)?.par_chunks_mut(BLOCK * count);
        blocks.enumerate().try_for_each(|(block, joint)| {
            let (from, to) = (block * BLOCK, block * BLOCK + joint.len() / count);
            let rows = rows.slice_axis(Axis(0), Slice::from(from..to));
            self.write_log_joint(rows, joint)
        })?;
        Ok(joint)
    }

    /// Writes `[rows, K]`.
    fn write_log_joint(&self, rows: ArrayView2<'_, f64>, joint: &mut [f64]) -> Result<()> {
        let (mut centred, mut y) = (Array2::zeros(rows.dim()), Array2::zeros(rows.dim()));
        let count = self.components.len();
        for (k, (component, log_weight)) in self.components.iter().zip(&self.log_weights).enumerate() {
            centred.assign(&rows);
            centred -= &component.mean();
            component.factor().apply(centred.view(), y.view_mut())?;
            let constant = log_weight + component.log_peak();
            for (joint, y) in joint.iter_mut().skip(k).step_by(count).zip(y.rows()) {
                *joint = constant - 0.5 * y.as_slice().map_or(f64::NAN, |y| parallel::lane_sum(y, |y| y * y));
            }
        }
        Ok(())
    }

    /// Draws `count` rows, and the component of each.
    ///
    /// # Errors
    /// None for a mixture of valid components.
    pub fn sample(&self, count: usize, rng: &mut dyn Rng) -> Result<(Array2<f64>, Vec<usize>)> {
        let mut rows = Array2::zeros((count, self.columns()));
        let mut chosen = Vec::with_capacity(count);
        for mut row in rows.axis_chunks_iter_mut(Axis(0), 1) {
            let component = self.draw_component(rng);
            row.iter_mut().for_each(|value| *value = StandardNormal.sample(rng));
            self.components[component].factor().solve_rows(row.view_mut());
            row += &self.components[component].mean();
            chosen.push(component);
        }
        Ok((rows, chosen))
    }

    fn draw_component(&self, rng: &mut dyn Rng) -> usize {
        let mut left: f64 = rng.random();
        for (component, weight) in self.log_weights.iter().enumerate() {
            left -= weight.exp();
            if left < 0.0 {
                return component;
            }
        }
        self.components.len() - 1
    }

    /// The mixture of `offset + scale·x` for rows `x` of this one, with positive scales of columns.
    pub(crate) fn rescaled(&self, offset: ArrayView1<'_, f64>, scale: ArrayView1<'_, f64>) -> Result<Self> {
        let components = self.components.iter().map(|component| component.rescaled(offset, scale));
        Ok(Self { log_weights: self.log_weights.clone(), components: components.collect::<Result<_>>()? })
    }
}
