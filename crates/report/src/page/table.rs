//! Tables: detects numeric columns and checks the shape.

use crate::error::ReportError;

/// A table of text. Its first column names the rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    /// Caption above the table.
    pub caption: String,
    /// One cell per column.
    pub header: Vec<String>,
    /// Rows with as many cells as the header. Columns in which at least half of the nonempty cells
    /// are numbers (with sign, `±`, unit or brackets) are right-aligned.
    pub rows: Vec<Vec<String>>,
    /// Rows to mark: one as `best`, several as `best (alike)`.
    pub best: Vec<usize>,
    /// Note below the table; empty for none.
    pub note: String,
}

impl Table {
    /// Checks that the rows fit the header and that marked rows exist.
    ///
    /// # Errors
    ///
    /// [`ReportError::RaggedRow`] or [`ReportError::NoBestRow`].
    pub(crate) fn check(&self) -> Result<(), ReportError> {
        let columns = self.header.len();
        for (row, cells) in self.rows.iter().map(Vec::len).enumerate() {
            if cells != columns {
                return Err(ReportError::RaggedRow { table: self.caption.clone(), row, cells, columns });
            }
        }
        match self.best.iter().find(|&&best| best >= self.rows.len()) {
            Some(&best) => Err(ReportError::NoBestRow { table: self.caption.clone(), best, rows: self.rows.len() }),
            None => Ok(()),
        }
    }

    /// Whether each column is aligned as numbers.
    pub(crate) fn numeric_columns(&self) -> Vec<bool> {
        (0..self.header.len())
            .map(|column| {
                let cells = self.rows.iter().filter_map(|row| row.get(column));
                let filled: Vec<_> = cells.filter(|cell| !is_blank(cell)).collect();
                let numbers = filled.iter().filter(|cell| is_number(cell)).count();
                numbers > 0 && 2 * numbers >= filled.len()
            })
            .collect()
    }
}

/// Whether a cell is empty or a dash.
fn is_blank(cell: &str) -> bool {
    matches!(cell.trim(), "" | "-" | "–" | "—" | "n/a")
}

/// Whether a cell starts like a number and contains few letters.
fn is_number(cell: &str) -> bool {
    let body = cell.trim().trim_start_matches(['-', '−', '+', '±', '≈', '<', '>', '≤', '≥', '[', '(', ' ']);
    let letters = body.chars().filter(|c| c.is_alphabetic()).count();
    body.starts_with(|c: char| c.is_ascii_digit() || c == '.') && letters <= 5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_recognised_with_signs_units_and_intervals() {
        for cell in ["1", "−1.25 ± 0.02", "[−1.3, −1.2]", "12 MiB", "3.1×10⁻⁴", "95 %", "< 0.01"] {
            assert!(is_number(cell), "{cell}");
        }
        for cell in ["dense-exact", "2 of the seeds diverged", "—", "", "-"] {
            assert!(!is_number(cell), "{cell}");
        }
    }

    #[test]
    fn a_column_is_numeric_by_its_nonempty_cells() {
        let rows = [["a", "1.0", "x"], ["b", "—", "2"], ["c", "2.0", "y"]];
        let table = Table {
            header: vec![String::new(); 3],
            rows: rows.map(|r| r.map(String::from).to_vec()).to_vec(),
            ..Table::default()
        };
        assert_eq!(table.numeric_columns(), [false, true, false]);
    }
}
