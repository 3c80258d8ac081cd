//! The columns of categories of a table, as a model file states them.

use std::collections::BTreeSet;

use ndarray::{Array2, ArrayView2};
use pdmap_core::Real;
use serde::{Deserialize, Serialize};

use crate::error::SpecError;

/// Labels of all columns together at most: each is a column of a one-hot vector.
const MOST_LABELS: usize = 1 << 20;

/// Most columns.
const MOST_COLUMNS: usize = 1 << 16;

/// A column of categories.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoryLabels {
    /// The name of the column, or its index from 0 in a table without names.
    pub name: String,
    /// How many of the model's columns of numbers stand before it in the table.
    pub before: usize,
    /// Its labels, all different: label `i` has code `i`.
    pub labels: Vec<String>,
}

/// The columns of categories of a model. The code of a cell is the number of its label; the code after
/// the last label stands for all others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Categories {
    /// The columns, in the order of the table.
    pub columns: Vec<CategoryLabels>,
}

impl Categories {
    /// Numbers of a one-hot vector of all columns, one after another: the condition of the flow.
    pub fn width(&self) -> usize {
        self.columns.iter().map(|column| column.labels.len()).sum()
    }

    /// Labels of each column.
    pub fn counts(&self) -> Vec<usize> {
        self.columns.iter().map(|column| column.labels.len()).collect()
    }

    /// The names of the columns.
    pub fn names(&self) -> Vec<String> {
        self.columns.iter().map(|column| column.name.clone()).collect()
    }

    /// The codes of the cells of column `index`, of a file called `file`. `labels` are the distinct
    /// labels that the column of the file has, and `codes` the index of the label of each row. With
    /// `other`, unknown labels get the code after the last.
    ///
    /// # Errors
    /// [`SpecError::UnknownCategory`] for a label that the column does not have, without `other`.
    pub fn codes(
        &self,
        index: usize,
        (labels, codes): (&[String], &[usize]),
        other: bool,
        file: &str,
    ) -> Result<Vec<u32>, SpecError> {
        let column = &self.columns[index];
        let known: std::collections::HashMap<&str, u32> =
            column.labels.iter().zip(0..).map(|(label, code)| (label.as_str(), code)).collect();
        let unseen = column.labels.len() as u32;
        let numbers: Vec<Option<u32>> =
            labels.iter().map(|label| known.get(label.as_str()).copied().or(other.then_some(unseen))).collect();
        let unknown = |(row, &code): (usize, &usize)| SpecError::UnknownCategory {
            name: file.to_owned(),
            row,
            column: column.name.clone(),
            label: labels[code].clone(),
            known: listed(&column.labels),
        };
        codes.iter().enumerate().map(|place| numbers[*place.1].ok_or_else(|| unknown(place))).collect()
    }

    /// One-hot vectors of codes `[rows, columns]`, one after another: `[rows, width]`. The code of all
    /// other labels is a vector of zeros.
    pub fn one_hot<F: Real>(&self, codes: ArrayView2<'_, u32>) -> Array2<F> {
        let mut all = Array2::zeros((codes.nrows(), self.width()));
        for (row, mut to) in codes.rows().into_iter().zip(all.rows_mut()) {
            let mut start = 0;
            for (&code, column) in row.iter().zip(&self.columns) {
                if (code as usize) < column.labels.len() {
                    to[start + code as usize] = F::one();
                }
                start += column.labels.len();
            }
        }
        all
    }

    /// The codes of one-hot vectors `[rows, width]`, as [`one_hot`](Self::one_hot) makes them.
    pub fn codes_of<F: Real>(&self, one_hot: ArrayView2<'_, F>) -> Array2<u32> {
        let mut all = Array2::zeros((one_hot.nrows(), self.columns.len()));
        for (row, mut to) in one_hot.rows().into_iter().zip(all.rows_mut()) {
            let mut start = 0;
            for (code, column) in to.iter_mut().zip(&self.columns) {
                let count = column.labels.len();
                *code = (0..count).find(|&label| row[start + label] > F::zero()).unwrap_or(count) as u32;
                start += count;
            }
        }
        all
    }

    /// Says that columns from a file make sense, for a model of so many columns of numbers.
    pub(crate) fn check(&self, numbers: usize) -> Result<(), String> {
        let columns = self.columns.len();
        if columns == 0 || columns > MOST_COLUMNS {
            return Err(format!("{columns} columns of categories: from 1 to {MOST_COLUMNS}"));
        }
        let names: BTreeSet<&String> = self.columns.iter().map(|column| &column.name).collect();
        if names.len() != columns {
            return Err(format!("{columns} columns of categories have {} names", names.len()));
        }
        let mut all = 0usize;
        for CategoryLabels { name, before, labels } in &self.columns {
            let distinct: BTreeSet<&String> = labels.iter().collect();
            if labels.is_empty() || distinct.len() != labels.len() {
                let (count, distinct) = (labels.len(), distinct.len());
                return Err(format!("column {name:?} has {count} labels, distinct: {distinct}"));
            }
            if *before > numbers {
                return Err(format!(
                    "column {name:?} stands behind {before} columns of numbers, and there are {numbers}"
                ));
            }
            all = all.saturating_add(labels.len());
        }
        if all > MOST_LABELS {
            return Err(format!("{all} labels of categories, more than {MOST_LABELS}"));
        }
        Ok(())
    }
}

/// Most labels that a message lists.
const LISTED: usize = 20;

/// The labels, or the first of them.
fn listed(labels: &[String]) -> String {
    match labels.get(..LISTED) {
        Some(first) if labels.len() > LISTED => format!("{}, … ({} in all)", first.join(", "), labels.len()),
        _ => labels.join(", "),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use ndarray::array;

    use super::*;

    fn names(list: &str) -> Vec<String> {
        list.split(' ').map(str::to_owned).collect()
    }

    fn categories() -> Categories {
        let column = |name: &str, before, list| CategoryLabels { name: name.to_owned(), before, labels: names(list) };
        Categories { columns: vec![column("kind", 0, "cat dog owl"), column("site", 2, "a b")] }
    }

    #[test]
    fn codes_become_one_hot_vectors_and_come_back() {
        let (own, codes) = (categories(), array![[2, 0], [0, 1], [3, 2]]);
        let vectors = own.one_hot::<f32>(codes.view());
        let expected = array![[0., 0., 1., 1., 0.], [1., 0., 0., 0., 1.], [0., 0., 0., 0., 0.]];
        assert_eq!(vectors, expected);
        assert_eq!(own.codes_of(vectors.view()), codes);
    }

    #[test]
    fn other_files_have_an_order_of_their_own_and_unknown_labels_are_refused() {
        let own = categories();
        let codes = own.codes(0, (&names("owl cat"), &[0, 1, 0]), false, "t.csv").unwrap();
        assert_eq!(codes, [2, 0, 2]);
        let with_fish = (&names("cat fish")[..], &[0, 1][..]);
        let error = own.codes(0, with_fish, false, "t.csv").unwrap_err().to_string();
        for needle in ["t.csv", "row 1", "\"kind\"", "\"fish\"", "cat, dog, owl", "--unseen other"] {
            assert!(error.contains(needle), "{error}");
        }
        assert_eq!(own.codes(0, with_fish, true, "t.csv").unwrap(), [0, 3]);
        let many: Vec<String> = (0..50).map(|label| label.to_string()).collect();
        assert!(listed(&many).ends_with("18, 19, … (50 in all)"), "{}", listed(&many));
    }

    #[test]
    fn columns_of_hostile_files_are_refused() {
        let own = categories();
        assert!(own.check(2).is_ok());
        assert!(own.check(1).unwrap_err().contains("behind 2 columns of numbers"));
        let changed = |change: &dyn Fn(&mut Categories)| {
            let mut own = categories();
            change(&mut own);
            own.check(2).unwrap_err()
        };
        assert!(changed(&|own| own.columns.clear()).contains("0 columns"));
        assert!(changed(&|own| own.columns[1].name = "kind".to_owned()).contains("1 names"));
        assert!(changed(&|own| own.columns[1].labels = names("a a")).contains("distinct: 1"));
        assert!(changed(&|own| own.columns[1].labels.clear()).contains("0 labels"));
        let text = serde_json::to_string(&own).unwrap();
        assert_eq!(serde_json::from_str::<Categories>(&text).unwrap(), own);
    }
}
