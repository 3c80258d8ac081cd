//! Which cells of rows are there.

use std::collections::BTreeMap;

use ndarray::{Array2, ArrayView2};

/// The rows in which the same columns are observed. A cell that is NaN is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// Columns that are there, ascending.
    pub observed: Vec<usize>,
    /// The others, ascending.
    pub missing: Vec<usize>,
    /// Numbers of the rows, ascending.
    pub rows: Vec<usize>,
}

/// The patterns of rows `[rows, columns]`, in an order that depends on the cells alone.
pub fn patterns(rows: ArrayView2<'_, f64>) -> Vec<Pattern> {
    let mut found: BTreeMap<Vec<bool>, Vec<usize>> = BTreeMap::new();
    for (number, row) in rows.rows().into_iter().enumerate() {
        let missing: Vec<bool> = row.iter().map(|cell| cell.is_nan()).collect();
        found.entry(missing).or_default().push(number);
    }
    let columns = |missing: &[bool], wanted: bool| {
        missing.iter().enumerate().filter(|(_, missing)| **missing == wanted).map(|(column, _)| column).collect()
    };
    let pattern = |(missing, rows): (Vec<bool>, Vec<usize>)| Pattern {
        observed: columns(&missing, false),
        missing: columns(&missing, true),
        rows,
    };
    found.into_iter().map(pattern).collect()
}

impl Pattern {
    /// Cells of some of the rows in some of the columns, `[numbers, columns]`.
    pub fn cells(rows: ArrayView2<'_, f64>, numbers: &[usize], columns: &[usize]) -> Array2<f64> {
        Array2::from_shape_fn((numbers.len(), columns.len()), |(i, j)| rows[[numbers[i], columns[j]]])
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn rows_are_grouped_by_what_is_missing() {
        let nan = f64::NAN;
        let rows = array![[1.0, 2.0], [nan, 3.0], [4.0, 5.0], [nan, nan]];
        let found = patterns(rows.view());
        let of = |observed: &[usize], missing: &[usize], rows: &[usize]| Pattern {
            observed: observed.to_vec(),
            missing: missing.to_vec(),
            rows: rows.to_vec(),
        };
        assert_eq!(found, [of(&[0, 1], &[], &[0, 2]), of(&[1], &[0], &[1]), of(&[], &[0, 1], &[3])]);
        assert_eq!(Pattern::cells(rows.view(), &[2, 0], &[1]), array![[5.0], [2.0]]);
    }
}
