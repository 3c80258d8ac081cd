//! Rows of codes, the equal ones counted.

use ndarray::{Array2, ArrayView2};

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
        if labels.is_empty() {
            return Err(CategoriesError::NoColumns);
        }
        check(rows, labels)?;
        if rows.nrows() == 0 {
            return Err(CategoriesError::NoRows);
        }
        let mut order: Vec<usize> = (0..rows.nrows()).collect();
        order.sort_unstable_by(|&a, &b| rows.row(a).iter().cmp(rows.row(b).iter()));
        let (mut distinct, mut counts): (Vec<usize>, Vec<f64>) = (Vec::new(), Vec::new());
        for row in order {
            match (distinct.last(), counts.last_mut()) {
                (Some(&last), Some(count)) if rows.row(last) == rows.row(row) => *count += 1.0,
                _ => {
                    distinct.push(row);
                    counts.push(1.0);
                }
            }
        }
        let rows_of = rows.select(ndarray::Axis(0), &distinct);
        Ok(Self { labels: labels.to_vec(), rows: rows_of, counts, total: rows.nrows() as f64 })
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

    /// The number of rows.
    pub fn total(&self) -> f64 {
        self.total
    }
}
