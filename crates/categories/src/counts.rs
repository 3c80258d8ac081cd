//! Rows of codes, the equal ones counted.

use ndarray::{Array2, ArrayView2};
use pdmap_core::RowWeights;

use crate::error::{CategoriesError, Result};
use crate::latent::check;

/// Distinct rows and how often each occurs, in lexicographic order: a fit does not depend on the order
/// of the rows, and takes time for distinct rows only.
#[derive(Debug, Clone, PartialEq)]
pub struct Counts {
    labels: Vec<usize>,
    rows: Array2<u32>,
    counts: Vec<f64>,
    total: f64,
}

impl Counts {
    /// Counts rows of codes `[rows, columns]`; `labels` are the labels of each column.
    ///
    /// # Errors
    /// [`CategoriesError::NoRows`], [`CategoriesError::NoColumns`]; [`CategoriesError::Count`],
    /// [`CategoriesError::Code`].
    pub fn of(rows: ArrayView2<'_, u32>, labels: &[usize]) -> Result<Self> {
        Self::weighted(rows, None, labels)
    }

    /// Like [`of`](Self::of), for rows of these weights: one of weight `w` counts as `w` equal rows.
    ///
    /// # Errors
    /// As [`of`](Self::of); [`CategoriesError::Count`] for another number of weights than of rows.
    pub fn weighted(rows: ArrayView2<'_, u32>, weights: Option<&RowWeights>, labels: &[usize]) -> Result<Self> {
        if labels.is_empty() {
            return Err(CategoriesError::NoColumns);
        }
        check(rows, labels)?;
        if rows.nrows() == 0 {
            return Err(CategoriesError::NoRows);
        }
        let (expected, actual) = (rows.nrows(), weights.map_or(rows.nrows(), |weights| weights.each().len()));
        if expected != actual {
            return Err(CategoriesError::Count { what: "weights of rows", expected, actual });
        }
        let weight = |row: usize| weights.map_or(1.0, |weights| weights.each()[row]);
        let mut order: Vec<usize> = (0..rows.nrows()).filter(|&row| weight(row) > 0.0).collect();
        order.sort_unstable_by(|&a, &b| rows.row(a).iter().cmp(rows.row(b).iter()));
        let (mut distinct, mut counts): (Vec<usize>, Vec<f64>) = (Vec::new(), Vec::new());
        for row in order {
            match (distinct.last(), counts.last_mut()) {
                (Some(&last), Some(count)) if rows.row(last) == rows.row(row) => *count += weight(row),
                _ => {
                    distinct.push(row);
                    counts.push(weight(row));
                }
            }
        }
        let rows_of = rows.select(ndarray::Axis(0), &distinct);
        let total = weights.map_or(rows.nrows() as f64, RowWeights::sum);
        Ok(Self { labels: labels.to_vec(), rows: rows_of, counts, total })
    }

    /// Labels of each column.
    pub fn labels(&self) -> &[usize] {
        &self.labels
    }

    /// The distinct rows, `[distinct rows, columns]`.
    pub fn rows(&self) -> ArrayView2<'_, u32> {
        self.rows.view()
    }

    /// How often each distinct row occurs.
    pub fn counts(&self) -> &[f64] {
        &self.counts
    }

    /// The number of rows, or the sum of their weights.
    pub fn total(&self) -> f64 {
        self.total
    }
}
