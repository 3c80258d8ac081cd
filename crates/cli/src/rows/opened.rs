//! Says how rows for a model are read.

use pdmap_core::Real;
use pdmap_data::{ColumnReport, ReadRows, TextReport};
use serde::Serialize;

use super::table::Columns;

/// Rows for a model, as they were opened.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Opened {
    file: String,
    /// If the header states it.
    rows: Option<u64>,
    /// Names of the features in the order of the model, if the rows have names.
    columns: Option<Vec<String>>,
    features: usize,
    /// How text was read.
    text: Option<TextReport>,
    /// How a table of columns was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    table: Option<ColumnReport>,
    /// What is done to columns before the flow sees them.
    steps: Vec<String>,
}

impl Opened {
    pub(crate) fn of<F: Real>(reader: &dyn ReadRows<F>, columns: &Columns) -> Self {
        Self {
            file: reader.name().to_owned(),
            rows: reader.rows(),
            columns: reader.columns().map(<[String]>::to_vec),
            features: reader.features(),
            text: reader.text_report().cloned(),
            table: reader.column_report().cloned(),
            steps: columns.steps(),
        }
    }

    /// Lines for the terminal.
    pub(crate) fn lines(&self) -> Vec<String> {
        let features = match &self.columns {
            Some(names) => format!("{} features: {}", self.features, names.join(", ")),
            None => format!("{} features, by position", self.features),
        };
        let mut lines = vec![match self.rows {
            Some(rows) => format!("{}: {rows} rows, {features}", self.file),
            None => format!("{}: {features}", self.file),
        }];
        lines.extend(self.text.iter().flat_map(TextReport::notes));
        lines.extend(self.table.iter().flat_map(ColumnReport::notes));
        if !self.steps.is_empty() {
            lines.push(format!("preprocessing: {}", self.steps.join(", ")));
        }
        lines
    }
}
