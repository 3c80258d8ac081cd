//! The latent class model.

use std::ops::Range;

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, Slice};
use pdmap_core::special::log_sum_exp;
use rayon::prelude::*;

use crate::error::{CategoriesError, Result};

/// A mixture of products of categorical distributions, `p(c) = Σ_k π_k Π_j θ_kj(c_j)`: the latent
/// class model (Lazarsfeld & Henry 1968). Within a class the columns are independent.
///
/// A row is a list of codes, one for each column: the number of its label, from 0.
#[derive(Debug, Clone, PartialEq)]
pub struct LatentClasses {
    /// Labels of each column.
    labels: Vec<usize>,
    /// `π`, `[K]`.
    weights: Array1<f64>,
    /// `θ`, `[K, Σ_j L_j]`: the columns side by side.
    probabilities: Array2<f64>,
    log_weights: Array1<f64>,
    log_probabilities: Array2<f64>,
}

/// Where the labels of each column stand, if the columns stand side by side.
pub(crate) fn ranges(labels: &[usize]) -> Vec<Range<usize>> {
    let mut start = 0;
    let range = |&count: &usize| {
        let from = start;
        start += count;
        from..start
    };
    labels.iter().map(range).collect()
}

/// Numbers per rounding error of a sum that still counts as 1.
const ROUNDINGS: f64 = 4.0;

/// Divides by the sum, unless it is 1 up to rounding: so a model that was read is the one that was
/// saved.
fn normalize(mut numbers: ndarray::ArrayViewMut1<'_, f64>, what: &'static str, first: usize) -> Result<()> {
    let wrong = numbers.iter().position(|value| !(value.is_finite() && *value >= 0.0));
    if let Some(at) = wrong {
        return Err(CategoriesError::Probability { what, index: first + at, value: numbers[at] });
    }
    let total = numbers.sum();
    if !(total.is_finite() && total > 0.0) {
        return Err(CategoriesError::Probability { what, index: first, value: total });
    }
    if (total - 1.0).abs() > ROUNDINGS * f64::EPSILON * numbers.len() as f64 {
        numbers.mapv_inplace(|value| value / total);
    }
    Ok(())
}

impl LatentClasses {
    /// The model with these weights `[K]` and probabilities `[K, Σ_j L_j]`, the columns side by side;
    /// `labels` are the `L_j`. Weights, and the probabilities of a column in a class, are divided by
    /// their sums.
    ///
    /// # Errors
    /// [`CategoriesError::NoColumns`], [`CategoriesError::NoLabels`], [`CategoriesError::NoClasses`];
    /// [`CategoriesError::Count`] for other shapes; [`CategoriesError::Probability`].
    pub fn new(labels: &[usize], mut weights: Array1<f64>, mut probabilities: Array2<f64>) -> Result<Self> {
        if labels.is_empty() {
            return Err(CategoriesError::NoColumns);
        }
        if let Some(column) = labels.iter().position(|&count| count == 0) {
            return Err(CategoriesError::NoLabels { column });
        }
        if weights.is_empty() {
            return Err(CategoriesError::NoClasses);
        }
        let count = |what, expected: usize, actual: usize| match expected == actual {
            true => Ok(()),
            false => Err(CategoriesError::Count { what, expected, actual }),
        };
        count("rows of the probabilities, one for each class", weights.len(), probabilities.nrows())?;
        let all = labels.iter().fold(0usize, |sum, &count| sum.saturating_add(count));
        count("columns of the probabilities, one for each label", all, probabilities.ncols())?;
        normalize(weights.view_mut(), "weights of classes", 0)?;
        for class in 0..weights.len() {
            for range in ranges(labels) {
                let first = class * all + range.start;
                let own = probabilities.row_mut(class);
                normalize(own.slice_axis_move(Axis(0), Slice::from(range)), "probabilities of labels", first)?;
            }
        }
        let (log_weights, log_probabilities) = (weights.mapv(f64::ln), probabilities.mapv(f64::ln));
        Ok(Self { labels: labels.to_vec(), weights, probabilities, log_weights, log_probabilities })
    }

    /// Labels of each column.
    pub fn labels(&self) -> &[usize] {
        &self.labels
    }

    /// The weights `π`, `[K]`.
    pub fn weights(&self) -> &Array1<f64> {
        &self.weights
    }

    /// The probabilities `θ`, `[K, Σ_j L_j]`: the columns side by side.
    pub fn probabilities(&self) -> &Array2<f64> {
        &self.probabilities
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.weights.len()
    }

    /// `log p(c)` of each row `[rows, columns]`, in nats; −∞ for a label of probability 0. The same
    /// bits on any number of threads.
    ///
    /// # Errors
    /// [`CategoriesError::Count`] for another number of columns; [`CategoriesError::Code`].
    pub fn log_density(&self, rows: ArrayView2<'_, u32>) -> Result<Vec<f64>> {
        check(rows, &self.labels)?;
        let starts: Vec<usize> = ranges(&self.labels).into_iter().map(|range| range.start).collect();
        let row = |row: usize| {
            let joint = self.joint(&starts, rows.row(row).iter().copied());
            log_sum_exp(joint.into_iter())
        };
        Ok((0..rows.nrows()).into_par_iter().map(row).collect())
    }

    /// The posterior of the classes of each row, `[rows, K]`.
    ///
    /// # Errors
    /// As [`log_density`](Self::log_density); [`CategoriesError::Impossible`] for a row of probability 0.
    pub fn posterior(&self, rows: ArrayView2<'_, u32>) -> Result<Array2<f64>> {
        check(rows, &self.labels)?;
        let starts: Vec<usize> = ranges(&self.labels).into_iter().map(|range| range.start).collect();
        let mut all = Array2::zeros((rows.nrows(), self.classes()));
        for (row, mut to) in rows.rows().into_iter().zip(all.rows_mut()) {
            let joint = self.joint(&starts, row.iter().copied());
            let total = log_sum_exp(joint.iter().copied());
            if total == f64::NEG_INFINITY {
                return Err(CategoriesError::Impossible);
            }
            to.iter_mut().zip(joint).for_each(|(to, log)| *to = (log - total).exp());
        }
        Ok(all)
    }

    /// `log π_k + Σ_j log θ_kj(c_j)` of each class.
    fn joint(&self, starts: &[usize], row: impl Iterator<Item = u32> + Clone) -> Vec<f64> {
        let of = |class: usize| {
            let own = self.log_probabilities.row(class);
            let sum: f64 = starts.iter().zip(row.clone()).map(|(&start, code)| own[start + code as usize]).sum();
            self.log_weights[class] + sum
        };
        (0..self.classes()).map(of).collect()
    }

    /// The part of a model with other weights and some of the columns.
    pub(crate) fn part(&self, columns: &[usize], weights: Array1<f64>) -> Result<Self> {
        let all = ranges(&self.labels);
        let labels: Vec<usize> = columns.iter().map(|&column| self.labels[column]).collect();
        let places: Vec<usize> = columns.iter().flat_map(|&column| all[column].clone()).collect();
        Self::new(&labels, weights, self.probabilities.select(Axis(1), &places))
    }

    /// Some of the probabilities of a class.
    pub(crate) fn of_class(&self, class: usize, labels: Range<usize>) -> ArrayView1<'_, f64> {
        self.probabilities.row(class).slice_axis_move(Axis(0), Slice::from(labels))
    }
}

/// Checks the codes of rows.
pub(crate) fn check(rows: ArrayView2<'_, u32>, labels: &[usize]) -> Result<()> {
    let (expected, actual) = (labels.len(), rows.ncols());
    if expected != actual {
        return Err(CategoriesError::Count { what: "columns of categories", expected, actual });
    }
    let wrong = rows.indexed_iter().find(|((_, column), code)| **code as usize >= labels[*column]);
    wrong.map_or(Ok(()), |((row, column), &code)| {
        Err(CategoriesError::Code { row, column, code, labels: labels[column] })
    })
}
