//! The description of rows in memory.

use ndarray::ArrayView2;
use rayon::prelude::*;

use super::column::summarize;
use super::correlation::correlation;
use super::dependence::{Dependence, dependence};
use super::duplicates::duplicates;
use super::evenly::SAMPLE;
use super::summary::{ColumnKind, ColumnSummary, Degenerate, Description};

/// Most columns whose rank is judged: the factorization costs their cube.
const COLUMNS: usize = 2048;

/// Describes rows, `[rows, columns]`. Columns without a name are called `x0`, `x1`, ...
///
/// Rank and dependence are judged after every column is scaled to unit variance. A column is
/// dependent if what the others leave of it is no larger than the rounding of the numbers: of the
/// smallest precision (`f32` or `f64`) that holds all of its values, or of their last decimal if
/// that is finer than 1e-4 standard deviations. A column is a [`Grid`](ColumnKind::Grid) if its
/// values repeat (at least two rows a distinct value, on average) and all are an offset plus
/// multiples of a step, up to rounding.
///
/// Time is O(N log N) for each of D columns and O(N D² + D³) for the rank, with N at most 200,000
/// evenly spaced rows for both: what depends in a sample may differ elsewhere. The rank of more than
/// 2048 columns is not judged.
///
/// ```
/// use ndarray::array;
/// use pdmap_data::{ColumnKind, Degenerate, describe};
///
/// let rows = array![[1.0, 0.0, 7.0, 3.0], [2.5, 1.0, 7.0, 6.0], [0.7, 1.0, 7.0, 2.4], [9.1, 0.0, 7.0, 19.2]];
/// let table = describe(rows.view(), None);
/// assert_eq!(table.columns[1].kind, ColumnKind::Binary { low: 0.0, high: 1.0 });
/// assert_eq!(table.rank, Some(2));
/// // x3 = 1 + 2 x0.
/// let dependent = Degenerate::Dependent { column: 3, on: vec![0] };
/// assert_eq!(table.degenerate, [Degenerate::Constant { column: 2, value: 7.0 }, dependent]);
/// ```
pub fn describe(rows: ArrayView2<'_, f64>, names: Option<&[String]>) -> Description {
    let name = |column: usize| names.and_then(|names| names.get(column)).cloned();
    let columns: Vec<ColumnSummary> = (0..rows.ncols())
        .into_par_iter()
        .map(|column| {
            let name = name(column).unwrap_or_else(|| format!("x{column}"));
            // A copy, because a column of an array in rows is slow to pass over many times.
            summarize(name, rows.column(column).to_owned().view())
        })
        .collect();
    let mut degenerate = vec![];
    let mut varying = vec![];
    for (column, summary) in columns.iter().enumerate() {
        match summary.kind {
            ColumnKind::Constant { value } => degenerate.push(Degenerate::Constant { column, value }),
            ColumnKind::Empty => {}
            _ => varying.push(column),
        }
    }
    let mut distinct = vec![];
    for (&column, of) in varying.iter().zip(duplicates(rows, &varying)) {
        match of {
            Some(of) => degenerate.push(Degenerate::Duplicate { column, of }),
            None => distinct.push(column),
        }
    }
    let judged = judge(rows, &distinct);
    let too_few_rows = judged.as_ref().is_some_and(|judged| judged.too_few_rows);
    let rank = judged.as_ref().map(|judged| judged.rank);
    degenerate.extend(judged.into_iter().flat_map(|judged| judged.dependent));
    degenerate.sort_by_key(Degenerate::column);
    Description {
        rows: rows.nrows() as u64,
        sampled_rows: (rows.nrows() > SAMPLE).then_some(SAMPLE),
        columns,
        rank,
        too_few_rows,
        degenerate,
    }
}

struct Judged {
    rank: usize,
    too_few_rows: bool,
    dependent: Vec<Degenerate>,
}

/// Rank and dependence of different columns that vary.
fn judge(rows: ArrayView2<'_, f64>, columns: &[usize]) -> Option<Judged> {
    if columns.len() > COLUMNS {
        return None;
    }
    // The shapes of its products agree, so that it does not fail.
    let found = correlation(rows, columns).ok().filter(|found| found.rows >= 2)?;
    let Dependence { rank, dependent } = dependence(found.matrix.view(), &found.rounding);
    // N rows have at most the rank N − 1 after centring.
    let too_few_rows = found.rows <= found.columns.len();
    let at = |index: usize| found.columns[index];
    let of = |(column, on): (usize, Vec<usize>)| Degenerate::Dependent {
        column: at(column),
        on: on.into_iter().map(at).collect(),
    };
    let dependent = if too_few_rows { vec![] } else { dependent.into_iter().map(of).collect() };
    Some(Judged { rank, too_few_rows, dependent })
}
