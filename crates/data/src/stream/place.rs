//! Where a cell of a text file is, for messages.

use std::fmt;

/// Where a cell of a text file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line of the file, from 1, that the cell's record begins on: what an editor shows.
    pub line: u64,
    /// The row, from 0 and without the header: what [`NonFinite`](crate::DataError::NonFinite) counts.
    pub row: u64,
    /// The column, from 0, of the file (not of the chosen columns).
    pub column: usize,
    /// The name of the column, where there is a header row.
    pub header: Option<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} (row {}), column {}", self.line, self.row, self.column)?;
        match &self.header {
            Some(header) => write!(f, " ({header:?})"),
            None => Ok(()),
        }
    }
}

/// Characters of a file's text that a message repeats.
const EXCERPT: usize = 40;

/// As much of a text as a message repeats.
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
    fn places_say_line_row_column_and_name_in_one_line() {
        let mut place = Place { line: 7, row: 5, column: 2, header: None };
        assert_eq!(place.to_string(), "line 7 (row 5), column 2");
        place.header = Some("a\nb".to_owned());
        assert_eq!(place.to_string(), "line 7 (row 5), column 2 (\"a\\nb\")");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(excerpt("short"), "short");
        let long = "ä".repeat(41);
        assert_eq!(excerpt(&long), format!("{}...", "ä".repeat(40)));
        assert_eq!(excerpt(&long[..80]), "ä".repeat(40));
    }
}
