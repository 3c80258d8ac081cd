//! Where the rest of a row pulls one of its cells.

use ndarray::{Array2, ArrayView2, Axis};
use pdmap_core::special::log_sum_exp;
use pdmap_core::{LayerError, check};
use rayon::prelude::*;

use crate::error::{MixtureError, Result};
use crate::mixture::GaussianMixture;
use crate::patterns::{Pattern, patterns};
use crate::standardized::not_infinite;

/// What the components say of one cell of a row, under their posterior `r_k`: as a function of the
/// cell `z` the expected log-density of the row is `linear·z − ½·precision·z²`, up to a constant,
/// with
///
/// ```text
/// precision = Σ_k r_k λ_k,   linear = Σ_k r_k λ_k a_k,
/// ```
///
/// where `N(a_k, 1/λ_k)` is the density of the cell given the others of the row that are there,
/// under component `k`. This is the part of the expected complete log-likelihood of EM (Dempster,
/// Laird & Rubin 1977) that a map of the column moves. Both are 0 for a missing cell.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Pull {
    /// `Σ_k r_k λ_k`.
    pub precision: f64,
    /// `Σ_k r_k λ_k a_k`.
    pub linear: f64,
}

/// Rows that are evaluated together. Results do not depend on it, up to rounding.
const BLOCK: usize = 1024;

/// A mixture, its density of the observed columns factorized once for each pattern of missing cells.
#[derive(Debug, Clone)]
pub struct Pulls<'m> {
    whole: &'m GaussianMixture,
    /// Without a mixture where all cells are there.
    patterns: Vec<(Pattern, Option<GaussianMixture>)>,
    rows: usize,
}

impl GaussianMixture {
    /// Prepares [`Pull`]s on the cells of rows, in which missing cells are NaN.
    ///
    /// # Errors
    /// Rows of another number of columns.
    pub fn pulls(&self, rows: ArrayView2<'_, f64>) -> Result<Pulls<'_>> {
        check::features("rows", self.columns(), rows.ncols())?;
        let of_pattern = |pattern: Pattern| {
            let whole = pattern.missing.is_empty() || pattern.observed.is_empty();
            let marginal = if whole { None } else { Some(self.marginal(&pattern.observed)?) };
            Ok((pattern, marginal))
        };
        let patterns = patterns(rows.reborrow()).into_par_iter().map(of_pattern).collect::<Result<_>>()?;
        Ok(Pulls { whole: self, patterns, rows: rows.nrows() })
    }
}

impl Pulls<'_> {
    /// The [`Pull`] on the cells of one column; missing cells are integrated out. The rows may have
    /// other numbers than at first, but the same cells must be missing.
    ///
    /// # Errors
    /// Another number of rows or columns, infinite cells; a column that does not exist.
    pub fn on(&self, rows: ArrayView2<'_, f64>, column: usize) -> Result<Vec<Pull>> {
        let columns = self.whole.columns();
        check::shape("rows", (self.rows, columns), rows.dim())?;
        if column >= columns {
            return Err(MixtureError::Column { column, columns });
        }
        not_infinite(rows.reborrow())?;
        let there = self.patterns.iter().filter_map(|(pattern, marginal)| {
            let place = pattern.observed.iter().position(|&own| own == column)?;
            Some((pattern, marginal.as_ref().unwrap_or(self.whole), place))
        });
        let blocks: Vec<_> = there
            .flat_map(|(pattern, mixture, place)| {
                pattern.rows.chunks(BLOCK).map(move |own| (own, &*pattern.observed, mixture, place))
            })
            .collect();
        let of_block = |&(own, observed, mixture, place): &(&[usize], &[usize], &GaussianMixture, usize)| {
            mixture.pulls_of_whole(Pattern::cells(rows, own, observed).view(), place)
        };
        let found: Vec<Vec<Pull>> = blocks.par_iter().map(of_block).collect::<Result<_>>()?;
        let mut all = vec![Pull::default(); rows.nrows()];
        for ((own, ..), found) in blocks.iter().zip(found) {
            own.iter().zip(found).for_each(|(&row, pull)| all[row] = pull);
        }
        Ok(all)
    }
}

impl GaussianMixture {
    /// Of rows without missing cells.
    fn pulls_of_whole(&self, rows: ArrayView2<'_, f64>, column: usize) -> Result<Vec<Pull>> {
        let count = self.components.len();
        let (mut joint, mut own) = (Array2::zeros((rows.nrows(), count)), Array2::zeros((rows.nrows(), count)));
        let (mut y, mut precisions) = (Array2::zeros(rows.dim()), Vec::with_capacity(count));
        for (k, (component, log_weight)) in self.components.iter().zip(&self.log_weights).enumerate() {
            let centred = &rows - &component.mean();
            component.factor().apply(centred.view(), y.view_mut())?;
            // The column of L: Λ_jj = ‖L_·j‖², and (Λ d)_j = L_·j · L d. The mean given the others is z − (Λd)_j/Λ_jj.
            let factor = component.factor().matrix();
            let factor = factor.index_axis(Axis(1), column);
            let precision = factor.dot(&factor);
            precisions.push(precision);
            for (row, y) in y.rows().into_iter().enumerate() {
                joint[[row, k]] = log_weight + component.log_peak() - 0.5 * y.dot(&y);
                own[[row, k]] = precision * rows[[row, column]] - factor.dot(&y);
            }
        }
        let of_row = |(joint, own): (ndarray::ArrayView1<'_, f64>, ndarray::ArrayView1<'_, f64>)| {
            let total = log_sum_exp(joint.iter().copied());
            let mut pull = Pull::default();
            for ((joint, own), precision) in joint.iter().zip(own).zip(&precisions) {
                let share = (joint - total).exp();
                pull.precision += share * precision;
                pull.linear += share * own;
            }
            pull
        };
        let all: Vec<Pull> = joint.rows().into_iter().zip(own.rows()).map(of_row).collect();
        match all.iter().position(|pull| !pull.linear.is_finite()) {
            Some(row) => {
                let value = all[row].linear;
                Err(LayerError::NonFinite { what: "pull on a cell", row, column, value }.into())
            }
            None => Ok(all),
        }
    }
}
