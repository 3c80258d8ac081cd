//! What was read from a text file, and how.

use std::fmt;

use serde::Serialize;

/// How a file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Compression {
    /// Gzip.
    Gzip,
    /// Zstandard.
    Zstd,
}

/// A column of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct TextColumn {
    /// Its number in the file, from 0.
    pub column: usize,
    /// Its name, if there is a header.
    pub name: Option<String>,
}

impl fmt::Display for TextColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}", self.column)?;
        match self.name.as_deref() {
            None | Some("") => Ok(()),
            Some(name) => write!(f, " ({name:?})"),
        }
    }
}

/// What was read from a text file, and how. It is displayed as short lines, one for each thing that
/// was recognized, without a line end after the last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct TextReport {
    /// How the file is compressed.
    pub compression: Option<Compression>,
    /// `UTF-8`, `UTF-16` or `Latin-1`.
    pub encoding: &'static str,
    /// The delimiter; a blank stands for runs of blanks.
    pub delimiter: char,
    /// The decimal point.
    pub decimal: char,
    /// What separates thousands, if anything does.
    pub thousands: Option<char>,
    /// The line of the header, from 1, if there is one.
    pub header_line: Option<u64>,
    /// Lines above the table that were skipped as asked.
    pub skipped_lines: usize,
    /// Comment lines above the table.
    pub comment_lines: u64,
    /// Cells of a record.
    pub cells: usize,
    /// The columns that were read, in their order.
    pub columns: Vec<TextColumn>,
    /// The column of row names that accompanies the rows.
    pub id: Option<TextColumn>,
    /// Unnamed columns that count or name the rows, and were left out.
    pub index: Vec<TextColumn>,
    /// Columns without a name and without a value, left out.
    pub empty: Vec<TextColumn>,
    /// Columns of dates or times, read as seconds since 1970-01-01 UTC.
    pub dates: Vec<TextColumn>,
    /// Whether the two columns may be one of numbers with decimal commas.
    pub maybe_decimal_commas: bool,
}

impl TextReport {
    /// The lines of the displayed text.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let listed = |columns: &[TextColumn]| columns.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let mut parts = Vec::new();
        if self.cells > 1 {
            parts.push(match self.delimiter {
                ' ' => "delimiter: blanks".to_owned(),
                '\t' => "delimiter: tab".to_owned(),
                other => format!("delimiter {other:?}"),
            });
        }
        parts.push(format!("decimal {:?}", self.decimal));
        parts.extend(self.thousands.map(|mark| format!("thousands {mark:?}")));
        parts.push(self.header_line.map_or("no header".to_owned(), |line| format!("header on line {line}")));
        if self.encoding != "UTF-8" {
            parts.push(self.encoding.to_owned());
        }
        parts.extend(self.compression.map(|compression| {
            match compression {
                Compression::Gzip => "gzip",
                Compression::Zstd => "zstd",
            }
            .to_owned()
        }));
        let mut notes = vec![format!("columns: {} ({})", self.columns.len(), parts.join(", "))];
        if self.skipped_lines > 0 {
            notes.push(format!("skipped: {} line(s) above the table", self.skipped_lines));
        }
        if self.comment_lines > 0 {
            notes.push(format!("comments: {} line(s) above the table", self.comment_lines));
        }
        notes.extend(self.id.iter().map(|id| format!("row names: {id}")));
        if !self.index.is_empty() {
            let columns = listed(&self.index);
            notes.push(format!("left out: {columns}, the index of the rows (--index yes: row names; no: a feature)"));
        }
        if !self.empty.is_empty() {
            notes.push(format!("left out: {}, empty and unnamed", listed(&self.empty)));
        }
        if !self.dates.is_empty() {
            notes.push(format!("dates: {}, read as seconds since 1970-01-01 UTC", listed(&self.dates)));
        }
        if self.maybe_decimal_commas {
            notes.push("read as two columns; if the comma is a decimal point, give --decimal ,".to_owned());
        }
        notes
    }
}

impl fmt::Display for TextReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.notes().join("\n"))
    }
}
