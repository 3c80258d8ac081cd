//! Marginals, conditionals and samples, in closed form.

use ndarray::{Array2, Axis};
use rand::{Rng, RngExt};

use crate::error::{CategoriesError, Result};
use crate::latent::{LatentClasses, ranges};

impl LatentClasses {
    /// `p(c_A)` of some columns, in their order: the same classes, without the other columns.
    ///
    /// # Errors
    /// [`CategoriesError::Column`]; [`CategoriesError::NoColumns`] for none.
    pub fn marginal(&self, columns: &[usize]) -> Result<Self> {
        self.distinct(columns)?;
        self.part(columns, self.weights().clone())
    }

    /// `p(c_A | c_B)` of all columns but those of `given`, a list of columns and their codes:
    /// `π_k` becomes the posterior `π_k Π_{j∈B} θ_kj(c_j) / p(c_B)`.
    ///
    /// # Errors
    /// [`CategoriesError::Column`], [`CategoriesError::Code`]; [`CategoriesError::NoColumns`] if none is
    /// left; [`CategoriesError::Impossible`] if `p(c_B) = 0`.
    pub fn given(&self, given: &[(usize, u32)]) -> Result<Self> {
        let columns: Vec<usize> = given.iter().map(|&(column, _)| column).collect();
        self.distinct(&columns)?;
        let left: Vec<usize> = (0..self.labels().len()).filter(|column| !columns.contains(column)).collect();
        if left.is_empty() {
            return Err(CategoriesError::NoColumns);
        }
        let weights = match columns.is_empty() {
            true => self.weights().clone(),
            false => {
                let row = Array2::from_shape_fn((1, given.len()), |(_, index)| given[index].1);
                self.marginal(&columns)?.posterior(row.view())?.row(0).to_owned()
            }
        };
        self.part(&left, weights)
    }

    /// The distribution of rows that have none of the left-out labels: of each column only the first
    /// `kept` ones are left. It is `p(c)/p(kept)`, a latent class model again, with
    /// `π_k ∝ π_k Π_j (Σ_{l < kept_j} θ_kj(l))`.
    ///
    /// # Errors
    /// [`CategoriesError::Count`] for another number of columns, or more labels than there are;
    /// [`CategoriesError::NoLabels`]; [`CategoriesError::Impossible`] if such rows have probability 0.
    pub fn restricted(&self, kept: &[usize]) -> Result<Self> {
        let columns = self.labels().len();
        if kept.len() != columns {
            let (expected, actual) = (columns, kept.len());
            return Err(CategoriesError::Count { what: "columns of categories", expected, actual });
        }
        let mut weights = self.weights().clone();
        let mut places = Vec::new();
        for ((range, &kept), &labels) in ranges(self.labels()).into_iter().zip(kept).zip(self.labels()) {
            if kept > labels {
                return Err(CategoriesError::Count { what: "labels to keep", expected: labels, actual: kept });
            }
            let range = range.start..range.start + kept;
            for (class, weight) in weights.iter_mut().enumerate() {
                *weight *= self.of_class(class, range.clone()).sum();
            }
            places.extend(range);
        }
        let possible: Vec<usize> = (0..weights.len()).filter(|&class| weights[class] > 0.0).collect();
        if possible.is_empty() {
            return Err(CategoriesError::Impossible);
        }
        let probabilities = self.probabilities().select(Axis(0), &possible);
        let weights = weights.select(Axis(0), &possible);
        Self::new(kept, weights, probabilities.select(Axis(1), &places))
    }

    /// Draws `count` rows of codes, `[count, columns]`.
    pub fn sample(&self, count: usize, rng: &mut dyn Rng) -> Array2<u32> {
        let ranges = ranges(self.labels());
        let mut rows = Array2::zeros((count, ranges.len()));
        for mut row in rows.rows_mut() {
            let class = draw(self.weights().iter(), rng.random());
            for (code, range) in row.iter_mut().zip(&ranges) {
                *code = draw(self.of_class(class, range.clone()).iter(), rng.random()) as u32;
            }
        }
        rows
    }

    fn distinct(&self, columns: &[usize]) -> Result<()> {
        let all = self.labels().len();
        let wrong = columns.iter().enumerate().find(|(at, column)| **column >= all || columns[..*at].contains(column));
        wrong.map_or(Ok(()), |(_, &column)| Err(CategoriesError::Column { column, columns: all }))
    }
}

/// The index that a uniform number stands for; never one of probability 0.
fn draw<'a>(probabilities: impl Iterator<Item = &'a f64>, uniform: f64) -> usize {
    let (mut sum, mut last) = (0.0, 0);
    for (index, &probability) in probabilities.enumerate() {
        if probability > 0.0 {
            sum += probability;
            last = index;
            if uniform < sum {
                break;
            }
        }
    }
    last
}
