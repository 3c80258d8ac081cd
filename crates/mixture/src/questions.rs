//! Densities of some of the columns, given others.

use ndarray::{Array2, ArrayView1, ArrayView2, Axis};
use pdmap_core::check;
use pdmap_core::row_weights::mean;
use pdmap_core::special::log_sum_exp;
use rayon::prelude::*;

use crate::error::{MixtureError, Result};
use crate::gaussian::Split;
use crate::mixture::GaussianMixture;
use crate::patterns::{Pattern, patterns};
use crate::standardized::not_infinite;
use crate::weighted::WeightedRows;

impl GaussianMixture {
    /// The density of some of the columns, the others integrated out:
    /// `p(x_b) = Σ_k π_k N(x_b; μ_kb, Σ_kbb)`, its columns in the order given.
    ///
    /// # Errors
    /// [`MixtureError::Column`] for a column that does not exist or is named twice.
    pub fn marginal(&self, columns: &[usize]) -> Result<Self> {
        self.check_columns(columns)?;
        let components = self.components.iter().map(|component| component.marginal(columns));
        Ok(Self { log_weights: self.log_weights.clone(), components: components.collect::<Result<_>>()? })
    }

    /// The density of the other columns, in their order, where the `given` columns `b` have the
    /// given `values`:
    ///
    /// ```text
    /// p(x_a | x_b) = Σ_k p(k | x_b) N(x_a; μ_k,a|b, Σ_k,a|b),   p(k | x_b) ∝ π_k N(x_b; μ_kb, Σ_kbb).
    /// ```
    ///
    /// # Errors
    /// [`MixtureError::Column`] as for [`marginal`](Self::marginal); another number of values;
    /// values that are not finite.
    pub fn conditional(&self, given: &[usize], values: ArrayView1<'_, f64>) -> Result<Self> {
        self.given(given)?.at(values)
    }

    /// What the densities of the other columns have in common for all values of the `given` ones.
    ///
    /// # Errors
    /// [`MixtureError::Column`] as for [`marginal`](Self::marginal).
    pub fn given(&self, given: &[usize]) -> Result<Conditional> {
        self.check_columns(given)?;
        let rest: Vec<usize> = (0..self.columns()).filter(|column| !given.contains(column)).collect();
        let components = self.components.iter().zip(&self.log_weights);
        let parts = components.map(|(component, &log_weight)| Ok((log_weight, component.split(given, &rest)?)));
        Ok(Conditional { parts: parts.collect::<Result<_>>()?, given: given.len(), rest })
    }

    /// `log p` of the cells of each row that are there, in nats: missing cells, which are NaN, are
    /// integrated out. A row without any cell has 0.
    ///
    /// # Errors
    /// Rows of another number of columns, infinite cells.
    pub fn log_density_observed(&self, rows: ArrayView2<'_, f64>) -> Result<Vec<f64>> {
        check::features("rows", self.columns(), rows.ncols())?;
        if !not_infinite(rows.reborrow())? {
            return self.log_density(rows);
        }
        let of_pattern = |pattern: Pattern| -> Result<(Pattern, Vec<f64>)> {
            let cells = Pattern::cells(rows, &pattern.rows, &pattern.observed);
            let log_density = match pattern.observed.is_empty() {
                true => vec![0.0; pattern.rows.len()],
                false => self.marginal(&pattern.observed)?.log_density(cells.view())?,
            };
            Ok((pattern, log_density))
        };
        let found: Vec<_> = patterns(rows.reborrow()).into_par_iter().map(of_pattern).collect::<Result<_>>()?;
        let mut all = vec![0.0; rows.nrows()];
        for (pattern, log_density) in found {
            pattern.rows.iter().zip(log_density).for_each(|(&row, own)| all[row] = own);
        }
        Ok(all)
    }

    /// The mean of [`log_density_observed`](Self::log_density_observed) over rows, in nats a row; NaN
    /// without rows.
    ///
    /// # Errors
    /// As [`log_density_observed`](Self::log_density_observed).
    pub fn mean_log_density_observed<'a>(&self, rows: impl Into<WeightedRows<'a>>) -> Result<f64> {
        let WeightedRows { rows, weights } = rows.into();
        Ok(mean(&self.log_density_observed(rows)?, weights))
    }

    fn check_columns(&self, named: &[usize]) -> Result<()> {
        let columns = self.columns();
        let wrong = named.iter().enumerate().find(|(at, column)| **column >= columns || named[..*at].contains(column));
        wrong.map_or(Ok(()), |(_, &column)| Err(MixtureError::Column { column, columns }))
    }
}

/// `p(x_a | x_b)` for any values of the given columns `b`: factorized once.
#[derive(Debug, Clone)]
pub struct Conditional {
    /// `log π_k` and the two parts of each component.
    parts: Vec<(f64, Split)>,
    given: usize,
    rest: Vec<usize>,
}

impl Conditional {
    /// The other columns `a`, in the order of those of the densities.
    pub fn columns(&self) -> &[usize] {
        &self.rest
    }

    /// The density of the other columns where the given ones have these values.
    ///
    /// # Errors
    /// Another number of values; values that are not finite.
    pub fn at(&self, values: ArrayView1<'_, f64>) -> Result<GaussianMixture> {
        let (expected, actual) = (self.given, values.len());
        if expected != actual {
            return Err(MixtureError::Count { what: "values of the given columns", expected, actual });
        }
        check::finite("values of the given columns", values.insert_axis(Axis(0)))?;
        let (mut log_weights, mut components) = (Vec::new(), Vec::new());
        for (log_weight, split) in &self.parts {
            let mut y = Array2::zeros((1, actual));
            let centred = (&values - &split.marginal.mean()).insert_axis(Axis(0));
            split.marginal.factor().apply(centred.view(), y.view_mut())?;
            let square: f64 = y.iter().map(|y| y * y).sum();
            log_weights.push(log_weight + split.marginal.log_peak() - 0.5 * square);
            components.push(split.conditional(values));
        }
        let total = log_sum_exp(log_weights.iter().copied());
        log_weights.iter_mut().for_each(|weight| *weight -= total);
        Ok(GaussianMixture { log_weights, components })
    }
}
