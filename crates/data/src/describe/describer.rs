//! The description of rows in blocks.

use ndarray::{Array2, ArrayView2};

use super::evenly::SAMPLE;
use super::summary::{ColumnKind, ColumnSummary, Degenerate, Description, Distinct};
use super::table::describe;

/// Most numbers that are kept: 512 MiB of `f64`.
const NUMBERS: usize = 1 << 26;

/// Describes rows that come in blocks. It keeps at most 400,000 evenly spaced rows and 2²⁶ numbers;
/// counts, minima and maxima are those of all rows.
#[derive(Debug)]
pub struct Describer {
    kept: Vec<f64>,
    /// Most rows that are kept before every second one is dropped.
    most: usize,
    stride: u64,
    rows: u64,
    exact: Vec<Exact>,
}

/// What is counted in all rows of a column.
#[derive(Debug, Clone)]
struct Exact {
    min: f64,
    max: f64,
    missing: u64,
    infinite: u64,
}

impl Describer {
    /// Starts a description of rows with this number of columns.
    pub fn new(columns: usize) -> Self {
        Self::keeping(columns, (2 * SAMPLE).min(NUMBERS / columns.max(1)).max(2))
    }

    fn keeping(columns: usize, most: usize) -> Self {
        let none = Exact { min: f64::NAN, max: f64::NAN, missing: 0, infinite: 0 };
        Self { kept: vec![], most, stride: 1, rows: 0, exact: vec![none; columns] }
    }

    /// Adds rows, `[rows, columns]`. Numbers beyond the number of columns are ignored.
    pub fn add(&mut self, rows: ArrayView2<'_, f64>) {
        let columns = self.exact.len();
        for row in rows.rows() {
            for (exact, &value) in self.exact.iter_mut().zip(row) {
                if value.is_finite() {
                    (exact.min, exact.max) = (value.min(exact.min), value.max(exact.max));
                }
                exact.missing += u64::from(value.is_nan());
                exact.infinite += u64::from(value.is_infinite());
            }
            if self.rows.is_multiple_of(self.stride) {
                if self.kept.len() >= self.most * columns {
                    self.thin();
                }
                if self.rows.is_multiple_of(self.stride) {
                    self.kept.extend(row.iter().take(columns));
                }
            }
            self.rows += 1;
        }
    }

    /// Drops every second row.
    fn thin(&mut self) {
        let columns = self.exact.len().max(1);
        let rows = self.kept.len() / columns;
        for row in 1..rows.div_ceil(2) {
            self.kept.copy_within(2 * row * columns..(2 * row + 1) * columns, row * columns);
        }
        self.kept.truncate(rows.div_ceil(2) * columns);
        self.stride *= 2;
    }

    /// The description of all rows so far; `names` as in [`describe`](crate::describe()).
    pub fn finish(self, names: Option<&[String]>) -> Description {
        let columns = self.exact.len();
        let rows = self.kept.len() / columns.max(1);
        let kept = Array2::from_shape_vec((rows, columns), self.kept).unwrap_or_else(|_| Array2::zeros((0, columns)));
        let mut described = describe(kept.view(), names);
        if (rows as u64) < self.rows {
            described.sampled_rows = described.sampled_rows.or(Some(rows));
        }
        described.rows = self.rows;
        let sampled = described.sampled_rows.is_some();
        for (summary, exact) in described.columns.iter_mut().zip(self.exact) {
            complete(summary, &exact, sampled);
        }
        let columns = &described.columns;
        let constant = |column: usize| matches!(columns[column].kind, ColumnKind::Constant { .. });
        described.degenerate.retain(|entry| match entry {
            Degenerate::Constant { column, .. } => constant(*column),
            Degenerate::Duplicate { .. } | Degenerate::Dependent { .. } => true,
        });
        described
    }
}

/// Replaces what a sample of the rows says by what all rows say.
fn complete(summary: &mut ColumnSummary, exact: &Exact, sampled: bool) {
    (summary.min, summary.max) = (exact.min, exact.max);
    (summary.missing, summary.infinite) = (exact.missing, exact.infinite);
    if let (true, Distinct::Exactly(count)) = (sampled, summary.distinct) {
        summary.distinct = Distinct::AtLeast(count);
    }
    let within = match summary.kind {
        ColumnKind::Constant { value } => exact.min == value && exact.max == value,
        ColumnKind::Binary { low, high } => exact.min == low && exact.max == high,
        ColumnKind::Empty => exact.min.is_nan(),
        ColumnKind::Real | ColumnKind::Grid { .. } | ColumnKind::Integer => true,
    };
    if !within {
        summary.kind = ColumnKind::Real;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_stream_is_thinned_and_counted() {
        let number = |row: usize, column: usize| match column {
            0 => row as f64,
            // Constant except in a row that the sample leaves out.
            _ => f64::from(u8::from(row == 777)),
        };
        let rows = Array2::from_shape_fn((1000, 2), |(row, column)| number(row, column));
        let mut all = Describer::keeping(2, 64);
        rows.axis_chunks_iter(ndarray::Axis(0), 7).for_each(|block| all.add(block));
        assert!(all.kept.len() <= 128 && all.kept.len() >= 64);
        let evenly = all.kept.chunks(2).enumerate().all(|(index, row)| row[0] == index as f64 * all.stride as f64);
        assert!(evenly, "{:?}", all.kept);
        let table = all.finish(None);
        assert_eq!((table.rows, table.columns[0].min, table.columns[0].max), (1000, 0.0, 999.0));
        assert!(table.sampled_rows.is_some_and(|rows| rows < 65));
        assert!(matches!(table.columns[0].distinct, Distinct::AtLeast(32..=64)));
        assert!((table.columns[0].quantiles[1] - 499.5).abs() < 20.0);
        assert_eq!((table.columns[1].kind, table.degenerate.len()), (ColumnKind::Real, 0));
    }

    #[test]
    fn short_streams_are_described_like_rows_in_memory() {
        let rows = Array2::from_shape_fn((50, 3), |(row, column)| ((row * 7 + column * 3) % 11) as f64);
        let mut all = Describer::new(3);
        rows.axis_chunks_iter(ndarray::Axis(0), 8).for_each(|block| all.add(block));
        assert_eq!(all.finish(None), describe(rows.view(), None));
    }
}
