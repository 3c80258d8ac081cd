//! The position of a cell in a table, for messages.

use std::fmt;
use std::num::NonZeroU64;

/// The position of a cell in a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line of a text file on which the cell's record starts, from 1, as shown by an editor.
    pub line: Option<NonZeroU64>,
    /// The row, from 0, not counting the header, as in [`NonFinite`](crate::DataError::NonFinite).
    pub row: u64,
    /// The column in the file (not among the selected columns), from 0.
    pub column: usize,
    /// The name of the column, if it has one.
    pub header: Option<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line} (row {}), column {}", self.row, self.column)?,
            None => write!(f, "row {}, column {}", self.row, self.column)?,
        }
        match &self.header {
            Some(header) => write!(f, " ({header:?})"),
            None => Ok(()),
        }
    }
}

/// The longest excerpt of a file quoted in a message, characters.
const EXCERPT: usize = 40;

/// Shortens a text for a message.
pub(crate) fn excerpt(text: &str) -> String {
    match text.char_indices().nth(EXCERPT) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}...", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_show_line_row_column_and_name_on_one_line() {
        let mut place = Place { line: NonZeroU64::new(7), row: 5, column: 2, header: None };
        assert_eq!(place.to_string(), "line 7 (row 5), column 2");
        place.header = Some("a\nb".to_owned());
        assert_eq!(place.to_string(), "line 7 (row 5), column 2 (\"a\\nb\")");
        place.line = None;
        assert_eq!(place.to_string(), "row 5, column 2 (\"a\\nb\")");
    }

    #[test]
    fn long_texts_are_cut_at_character_boundaries() {
        assert_eq!(excerpt("short"), "short");
        let long = "ä".repeat(41);
        assert_eq!(excerpt(&long), format!("{}...", "ä".repeat(40)));
        assert_eq!(excerpt(&long[..80]), "ä".repeat(40));
    }
}
