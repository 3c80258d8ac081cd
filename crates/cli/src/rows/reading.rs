//! Says what was read.

use pdmap_data::{ColumnReport, ColumnSummary, Description, Input, TextReport};
use serde::Serialize;

/// Columns that are listed one by one at most.
const LISTED: usize = 30;

/// What was read as training rows.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Reading {
    /// The file.
    file: String,
    /// How text was read.
    pub(crate) text: Option<TextReport>,
    /// How a table of columns was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) table: Option<ColumnReport>,
    /// What its columns hold.
    description: Description,
    /// Whether degenerate columns are left out; otherwise the rank is reduced.
    #[serde(skip)]
    reduced: bool,
}

impl Reading {
    pub(crate) fn of(input: &Input, description: Description) -> Self {
        Self { file: input.to_string(), text: None, table: None, description, reduced: false }
    }

    /// The same for rows whose rank was reduced.
    pub(crate) fn reduced(self) -> Self {
        Self { reduced: true, ..self }
    }

    /// Lines for the terminal. `parts` are the numbers of training, validation and test rows.
    pub(crate) fn lines(&self, parts: [usize; 3], preprocessing: &str) -> Vec<String> {
        let Self { file, text, table, description, reduced } = self;
        let [train, validation, test] = parts;
        let rows = description.rows;
        let mut lines =
            vec![format!("{file}: {rows} rows; {train} for training, {validation} for validation, {test} for test")];
        match (text, table) {
            (Some(text), _) => lines.extend(text.notes()),
            (None, Some(table)) => lines.extend(table.notes()),
            (None, None) => lines.push(format!("columns: {}", description.columns.len())),
        }
        let kinds: Vec<String> = description.columns.iter().take(LISTED).map(kind).collect();
        let more = description.columns.len().saturating_sub(LISTED);
        let more = if more > 0 { format!(", and {more} more") } else { String::new() };
        lines.push(format!("kinds: {}{more}", kinds.join(", ")));
        let what = if *reduced { "dependent" } else { "left out" };
        lines.extend(description.degenerate_notes().iter().map(|note| format!("{what}: {note}")));
        lines.push(format!("preprocessing: {preprocessing}"));
        lines
    }

    /// A warning about discrete columns, whose density has no upper bound.
    pub(crate) fn warning(&self) -> Option<String> {
        let discrete = self.description.columns.iter().filter(|column| column.discrete_step().is_some());
        let names: Vec<&str> = discrete.take(LISTED).map(|column| column.name.as_str()).collect();
        let what = match names.len() {
            0 => return None,
            1 => format!("column {} holds", names[0]),
            _ => format!("columns {} hold", names.join(", ")),
        };
        Some(format!(
            "{what} few distinct values on a grid; a density gains without bound by concentrating on them, so \
             log-likelihoods of such data say little. Without --discrete keep, uniform noise of one step is added"
        ))
    }
}

fn kind(column: &ColumnSummary) -> String {
    format!("{} {}", column.name, column.kind)
}
