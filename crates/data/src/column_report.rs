//! What was read from a table of columns, and how.

use std::fmt;

use serde::Serialize;

use crate::text::TextColumn;

/// What was read from a Parquet or Arrow table, and how. It is displayed as short lines, one for
/// each thing that was done, without a line end after the last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ColumnReport {
    /// `Parquet`, `Arrow IPC file` or `Arrow IPC stream`.
    pub format: &'static str,
    /// The number of rows, if the file states it.
    pub rows: Option<u64>,
    /// Columns of the table.
    pub cells: usize,
    /// The columns that were read, in their order.
    pub columns: Vec<TextColumn>,
    /// The column of row names that accompanies the rows.
    pub id: Option<TextColumn>,
    /// The columns of the index of pandas, left out.
    pub index: Vec<TextColumn>,
    /// Columns of dates or times, read as seconds since 1970-01-01 UTC.
    pub dates: Vec<TextColumn>,
    /// Columns of durations or times of day, read as seconds.
    pub spans: Vec<TextColumn>,
    /// Columns of decimal numbers, rounded to floats.
    pub decimals: Vec<TextColumn>,
}

impl ColumnReport {
    /// The lines of the displayed text.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let listed = |columns: &[TextColumn]| columns.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let rows = self.rows.map(|rows| format!(", {rows} rows")).unwrap_or_default();
        let mut notes =
            vec![format!("columns: {} ({}{rows}, {} in the file)", self.columns.len(), self.format, self.cells)];
        notes.extend(self.id.iter().map(|id| format!("row names: {id}")));
        if !self.index.is_empty() {
            let columns = listed(&self.index);
            notes.push(format!("left out: {columns}, the index of the rows (--index yes: row names; no: a feature)"));
        }
        for (what, columns, how) in [
            ("dates", &self.dates, "read as seconds since 1970-01-01 UTC"),
            ("times", &self.spans, "read as seconds"),
            ("decimals", &self.decimals, "rounded to floats"),
        ] {
            if !columns.is_empty() {
                notes.push(format!("{what}: {}, {how}", listed(columns)));
            }
        }
        notes
    }
}

impl fmt::Display for ColumnReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.notes().join("\n"))
    }
}
