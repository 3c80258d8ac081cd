//! The density of the categories of a row.

use ndarray::{Array2, ArrayD, ArrayView1, ArrayView2, Axis, Ix1, Ix2};
use pdmap_categories::{CategoriesError, LatentClasses};
use rand::Rng;

use super::columns::Categories;
use crate::error::SpecError;

/// Names of the tensors in a model file.
const WEIGHTS: &str = "categories.weights";
const PROBABILITIES: &str = "categories.probabilities";

/// Most combinations of labels that one row with unknown labels stands for.
const MOST_COMPLETIONS: usize = 1 << 14;

/// `p(c)`: a latent class model in which each column has one label more, which stands for all
/// others. No training row has it; its probability is the smoothing's.
///
/// Without the other labels, `p` is that given that they do not occur, and sums to 1 over the known
/// labels; with them, it sums to 1 over both.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelDensity {
    all: LatentClasses,
    known: LatentClasses,
}

/// A combination of known labels that stands for a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Completion {
    /// The codes of all columns.
    pub codes: Vec<u32>,
    /// Its log-probability given the known labels of the row, nats.
    pub log_weight: f64,
}

impl LabelDensity {
    /// The density of columns with one label more than `counts` each.
    ///
    /// # Errors
    /// [`SpecError::Categories`] if the model has other columns.
    pub fn new(all: LatentClasses, counts: &[usize]) -> Result<Self, SpecError> {
        for (column, &count) in counts.iter().enumerate() {
            let actual = all.labels().get(column).copied().unwrap_or(0);
            if actual != count + 1 {
                let what = "labels of a column, with that of all others";
                return Err(CategoriesError::Count { what, expected: count + 1, actual }.into());
            }
        }
        let known = all.restricted(counts)?;
        Ok(Self { all, known })
    }

    /// The model of all labels, the last of each column standing for others.
    pub fn all(&self) -> &LatentClasses {
        &self.all
    }

    /// The model of the known labels.
    pub fn known(&self) -> &LatentClasses {
        &self.known
    }

    /// `log p(c)` of codes `[rows, columns]`, nats; with `other`, of the density that includes unknown
    /// labels.
    ///
    /// # Errors
    /// [`SpecError::Categories`] for codes of other columns, or of unknown labels without `other`.
    pub fn log_density(&self, codes: ArrayView2<'_, u32>, other: bool) -> Result<Vec<f64>, SpecError> {
        Ok(if other { &self.all } else { &self.known }.log_density(codes)?)
    }

    /// Draws codes of known labels, `[count, columns]`.
    pub fn sample(&self, count: usize, rng: &mut dyn Rng) -> Array2<u32> {
        self.known.sample(count, rng)
    }

    /// The combinations of known labels that a row with unknown ones stands for, with their
    /// weights: an unknown label says nothing about the numbers, which have the density `Σ_l p(c_A
    /// = l | c_B) p(x | c_A = l, c_B)`, where `A` are its columns. A row of known labels stands for
    /// itself.
    ///
    /// # Errors
    /// [`SpecError::Categories`]; [`SpecError::Completions`] if there are too many.
    pub fn completions(&self, row: ArrayView1<'_, u32>) -> Result<Vec<Completion>, SpecError> {
        let counts = self.known.labels();
        let unknown: Vec<usize> = (0..counts.len())
            .filter(|&column| row.get(column).is_some_and(|&code| code as usize >= counts[column]))
            .collect();
        if unknown.is_empty() {
            return Ok(vec![Completion { codes: row.to_vec(), log_weight: 0.0 }]);
        }
        let count = unknown.iter().fold(1usize, |count, &column| count.saturating_mul(counts[column]));
        if count > MOST_COMPLETIONS {
            return Err(SpecError::Completions { columns: unknown, actual: count, limit: MOST_COMPLETIONS });
        }
        let given: Vec<(usize, u32)> =
            row.iter().copied().enumerate().filter(|(column, _)| !unknown.contains(column)).collect();
        let conditional = self.known.given(&given)?;
        let mut labels = Array2::zeros((count, unknown.len()));
        for (index, mut labels) in labels.rows_mut().into_iter().enumerate() {
            let mut left = index;
            for (code, &column) in labels.iter_mut().zip(&unknown) {
                *code = (left % counts[column]) as u32;
                left /= counts[column];
            }
        }
        let log_weights = conditional.log_density(labels.view())?;
        let completed = |(labels, log_weight): (ArrayView1<'_, u32>, f64)| {
            let mut codes = row.to_vec();
            unknown.iter().zip(labels).for_each(|(&column, &code)| codes[column] = code);
            Completion { codes, log_weight }
        };
        Ok(labels.rows().into_iter().zip(log_weights).map(completed).collect())
    }

    /// The tensors of a model file: `categories.weights [K]` and
    /// `categories.probabilities [K, Σ_j (L_j + 1)]`, always in double precision.
    pub fn tensors(&self) -> Vec<(String, ArrayD<f64>)> {
        vec![
            (WEIGHTS.to_owned(), self.all.weights().clone().into_dyn()),
            (PROBABILITIES.to_owned(), self.all.probabilities().clone().into_dyn()),
        ]
    }

    /// The density of these columns, from the tensors of a model file.
    pub(crate) fn restore(columns: &Categories, tensors: Vec<(String, ArrayD<f64>)>) -> Result<Self, String> {
        let find = |name: &str| {
            let found = tensors.iter().find(|(own, _)| own == name);
            found.map(|(_, tensor)| tensor.clone()).ok_or_else(|| format!("no tensor `{name}`"))
        };
        if let Some((name, _)) = tensors.iter().find(|(name, _)| name != WEIGHTS && name != PROBABILITIES) {
            return Err(format!("unknown tensor `{name}`"));
        }
        let shape = |name: &str, tensor: ArrayD<f64>| format!("tensor `{name}` has the shape {:?}", tensor.shape());
        let weights = find(WEIGHTS)?;
        let weights = weights.clone().into_dimensionality::<Ix1>().map_err(|_| shape(WEIGHTS, weights))?;
        let probabilities = find(PROBABILITIES)?;
        let own =
            probabilities.clone().into_dimensionality::<Ix2>().map_err(|_| shape(PROBABILITIES, probabilities))?;
        let counts = columns.counts();
        let all: Vec<usize> = counts.iter().map(|count| count + 1).collect();
        let all = LatentClasses::new(&all, weights.clone(), own.clone()).map_err(|error| error.to_string())?;
        // Sums that were not 1 belong to columns with other numbers of labels.
        if *all.weights() != weights || *all.probabilities() != own {
            return Err("probabilities of categories that do not sum to 1".to_owned());
        }
        Self::new(all, &counts).map_err(|error| error.to_string())
    }

    /// Whether the name of a tensor is of this density.
    pub(crate) fn owns(name: &str) -> bool {
        name.starts_with("categories.")
    }

    /// The frequencies of the known labels of column `column`.
    ///
    /// # Errors
    /// [`SpecError::Categories`] for a column that does not exist.
    pub fn frequencies(&self, column: usize) -> Result<Vec<f64>, SpecError> {
        let marginal = self.known.marginal(&[column])?;
        let (weights, probabilities) = (marginal.weights(), marginal.probabilities());
        Ok(probabilities.axis_iter(Axis(1)).map(|label| label.dot(weights)).collect())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use ndarray::array;

    use super::*;

    /// Rounding errors of sums over all labels.
    const ROUNDINGS: f64 = 64.0;

    fn density() -> LabelDensity {
        let probabilities = array![[0.5, 0.3, 0.1, 0.1, 0.6, 0.3, 0.1], [0.1, 0.2, 0.5, 0.2, 0.05, 0.9, 0.05]];
        LabelDensity::new(LatentClasses::new(&[4, 3], array![0.4, 0.6], probabilities).unwrap(), &[3, 2]).unwrap()
    }

    fn sum(density: &LabelDensity, [first, second]: [u32; 2], other: bool) -> f64 {
        let rows = Array2::from_shape_fn(((first * second) as usize, 2), |(row, column)| match column {
            0 => row as u32 % first,
            _ => row as u32 / first,
        });
        density.log_density(rows.view(), other).unwrap().iter().map(|log| log.exp()).sum()
    }

    #[test]
    fn the_density_sums_to_1_with_and_without_other_labels() {
        let density = density();
        assert!((sum(&density, [3, 2], false) - 1.0).abs() < ROUNDINGS * f64::EPSILON);
        assert!((sum(&density, [4, 3], true) - 1.0).abs() < ROUNDINGS * f64::EPSILON);
        // Without other labels, the same density would lack their part.
        assert!(sum(&density, [3, 2], true) < 0.85);
        assert!(density.log_density(array![[3, 0]].view(), false).is_err());
        assert!((density.frequencies(1).unwrap().iter().sum::<f64>() - 1.0).abs() < ROUNDINGS * f64::EPSILON);
        assert!(density.frequencies(2).is_err());
    }

    #[test]
    fn an_unknown_label_stands_for_all_known_ones_given_the_others() {
        let density = density();
        let own = density.completions(array![1, 0].view()).unwrap();
        assert_eq!(own, [Completion { codes: vec![1, 0], log_weight: 0.0 }]);
        let some = density.completions(array![3, 1].view()).unwrap();
        let joint = density.log_density(array![[0, 1], [1, 1], [2, 1]].view(), false).unwrap();
        let total = joint.iter().map(|log| log.exp()).sum::<f64>().ln();
        for (label, (found, joint)) in some.iter().zip(joint).enumerate() {
            assert_eq!(found.codes, [label as u32, 1]);
            assert!((found.log_weight - (joint - total)).abs() < ROUNDINGS * f64::EPSILON);
        }
        let all = density.completions(array![3, 2].view()).unwrap();
        let sum: f64 = all.iter().map(|one| one.log_weight.exp()).sum();
        assert!(all.len() == 6 && (sum - 1.0).abs() < ROUNDINGS * f64::EPSILON);
    }
}
