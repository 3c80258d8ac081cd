//! A text as a table: its dialect, its header and the columns that are read.

use std::collections::HashMap;
use std::num::NonZeroU64;
use std::path::PathBuf;

use super::records::Records;
use super::text_source::TextSource;
use crate::error::{DataError, Place, excerpt};
use crate::format::{Head, Stream};
use crate::text::{
    Aside, Dialect, IndexColumn, Names, NumberFormat, TextColumn, TextOptions, TextReport, aside, choose, find,
    find_asides, is_named,
};

/// The name of the column of row names if the file does not name it.
const ID: &str = "id";

/// A table at its first row.
pub(crate) struct Table {
    pub(crate) path: PathBuf,
    pub(crate) records: Records,
    /// Whether the current record is a row that has not been returned yet.
    pending: bool,
    /// Cells per record.
    pub(crate) cells: usize,
    /// The names of all columns.
    pub(crate) header: Option<Vec<String>>,
    /// The names of the columns that hold something: without an index and empty columns.
    pub(crate) named: Option<Vec<String>>,
    /// The selected columns, and their names.
    pub(crate) taken: Vec<usize>,
    pub(crate) columns: Option<Vec<String>>,
    /// The column of row names, and its own name.
    pub(crate) id: Option<(usize, String)>,
    /// The columns that are no features.
    asides: Vec<(usize, Aside)>,
    pub(crate) numbers: NumberFormat,
    pub(crate) report: TextReport,
    /// Rows before the current one.
    pub(crate) rows: u64,
}

impl Table {
    /// Reads the header row, if any, and the first row.
    ///
    /// # Errors
    /// Those of [`read_csv`](crate::read_csv) about the whole text.
    pub(crate) fn open(stream: Stream<'_>, options: &TextOptions) -> Result<Self, DataError> {
        let path = stream.path;
        let source = TextSource::open(stream, options)?;
        let TextSource { head: Head { mut bytes, complete }, rest, .. } = source;
        let dialect = Dialect::detect(path, &bytes, complete, options)?;
        bytes.drain(..dialect.preamble.bytes);
        let above = dialect.preamble.lines;
        let mut records = Records::new(path, bytes, rest, above, dialect.delimiter, options.comment);
        let mut pending = records.next()?;
        let mut cells = records.record.len();
        let first_line = records.line;
        if pending && dialect.names == Names::Unclear {
            let text = (0..cells).map(|column| records.text(column)).collect::<Result<Vec<_>, _>>()?;
            let text = excerpt(&text.join(char::from(dialect.delimiter).to_string().as_str()));
            return Err(DataError::AmbiguousHeader { path: path.to_path_buf(), line: first_line, text });
        }
        let (mut header_line, mut header) = (None, None);
        if let Some((line, names)) = dialect.comment_names {
            (header_line, header) = (Some(line), Some(names));
        } else if pending && dialect.names == Names::Yes {
            let names = (0..cells).map(|column| records.text(column).map(|name| name.trim().to_owned()));
            let mut names = names.collect::<Result<Vec<_>, _>>()?;
            pending = records.next()?;
            // Rows, but not the header, end in a delimiter.
            if pending && records.record.len() == cells + 1 && records.text(cells)?.trim().is_empty() {
                names.push(String::new());
                cells += 1;
            }
            (header_line, header) = (Some(first_line), Some(names));
        }
        let report = TextReport {
            compression: source.compression,
            encoding: source.encoding,
            delimiter: char::from(dialect.delimiter),
            decimal: dialect.numbers.decimal,
            thousands: dialect.numbers.thousands,
            header_line,
            skipped_lines: options.skip,
            comment_lines: dialect.preamble.comments,
            cells,
            columns: Vec::new(),
            id: None,
            index: Vec::new(),
            empty: Vec::new(),
            dates: Vec::new(),
            maybe_decimal_commas: dialect.maybe_decimal_commas,
        };
        let mut table = Self {
            path: path.to_path_buf(),
            records,
            pending,
            cells,
            header,
            taken: Vec::new(),
            columns: None,
            id: None,
            asides: Vec::new(),
            named: None,
            numbers: dialect.numbers,
            report,
            rows: 0,
        };
        table.select(options, dialect.rows)?;
        Ok(table)
    }

    /// Selects the columns. `rows` are the first rows, as far as they are known.
    fn select(&mut self, options: &TextOptions, mut rows: Vec<Vec<String>>) -> Result<(), DataError> {
        // For an empty file, the missing rows are the error to report.
        if self.cells > 0 {
            let asked = match options.index {
                IndexColumn::Yes if options.id.is_none() => Some(0),
                _ => options
                    .id
                    .as_ref()
                    .map(|name| find(&self.path, name, self.header.as_deref(), self.cells))
                    .transpose()?,
            };
            if let Some(column) = asked {
                let name = self.header.as_ref().and_then(|names| names.get(column)).filter(|name| !name.is_empty());
                self.id = Some((column, name.map_or_else(|| ID.to_owned(), Clone::clone)));
            }
            let usual = self.has_each_once(&options.usual).then_some(options.usual.as_slice());
            let asked = options.columns.as_deref().or(usual);
            let id = self.id.as_ref().map(|(column, _)| *column);
            self.taken = choose(&self.path, asked, self.header.as_deref(), self.cells, id)?;
            let categories = aside(&self.path, &options.categories, self.header.as_deref(), self.cells, id)?;
            self.taken.retain(|column| !categories.contains(column));
            if asked.is_none() {
                if rows.is_empty() && self.pending {
                    let row =
                        (0..self.cells).map(|column| self.records.text(column).map(|text| text.trim().to_owned()));
                    rows.push(row.collect::<Result<_, _>>()?);
                }
                self.asides = find_asides(&self.path, self.header.as_deref(), &rows, self.numbers, options)?;
                self.asides.retain(|&(column, _)| Some(column) != id && !categories.contains(&column));
                self.taken.retain(|&column| self.asides.iter().all(|&(aside, _)| aside != column));
            }
        }
        match (self.pending, self.report.header_line) {
            (true, _) => {}
            (false, Some(line)) => return Err(DataError::NoRows { path: self.path.clone(), line }),
            (false, None) => return Err(DataError::TooFewRows { name: self.name(), expected: 1, actual: 0 }),
        }
        if self.taken.is_empty() {
            return Err(DataError::ZeroFeatures { name: self.name() });
        }
        self.columns = self
            .header
            .as_ref()
            .map(|names| self.taken.iter().filter_map(|&column| names.get(column).cloned()).collect());
        let holds = |column: usize, name: &str| {
            self.taken.contains(&column) || is_named(name) && self.asides.iter().all(|&(aside, _)| aside != column)
        };
        self.named = self.header.as_ref().map(|names| {
            let held = names.iter().enumerate().filter(|(column, name)| holds(*column, name));
            held.map(|(_, name)| name.clone()).collect()
        });
        self.report.columns = self.taken.iter().map(|&column| self.described(column)).collect();
        self.report.id = self.id.as_ref().map(|&(column, _)| self.described(column));
        for (column, aside) in &self.asides {
            let described = self.described(*column);
            match aside {
                Aside::Empty => self.report.empty.push(described),
                Aside::Counter(_) | Aside::RowNames => self.report.index.push(described),
            }
        }
        Ok(())
    }

    /// The name of the text in messages.
    pub(crate) fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// A column, for the report.
    pub(crate) fn described(&self, column: usize) -> TextColumn {
        TextColumn { column, name: self.header.as_ref().and_then(|names| names.get(column)).cloned() }
    }

    /// Whether each of `names` occurs exactly once in the header; `false` for no names.
    fn has_each_once(&self, names: &[String]) -> bool {
        let Some(header) = self.header.as_ref().filter(|_| !names.is_empty()) else { return false };
        let mut counts = HashMap::new();
        header.iter().for_each(|name| *counts.entry(name.as_str()).or_insert(0) += 1);
        names.iter().all(|name| counts.get(name.as_str()) == Some(&1))
    }

    /// Goes to the next row and checks its cells outside the features; `false` at the end.
    pub(crate) fn next(&mut self) -> Result<bool, DataError> {
        // No record is read ahead: from a slow pipe, a row is returned as soon as it is complete.
        if !std::mem::take(&mut self.pending) && !self.records.next()? {
            return Ok(false);
        }
        if self.records.record.len() != self.cells {
            return Err(DataError::RaggedRow {
                path: self.path.clone(),
                line: self.records.line,
                row: self.rows,
                expected: self.cells,
                actual: self.records.record.len(),
            });
        }
        for &(column, aside) in &self.asides {
            let text = self.records.text(column)?.trim();
            let (path, text, place) = match aside {
                Aside::RowNames => continue,
                Aside::Empty if text.is_empty() => continue,
                Aside::Counter(start) if text.parse() == Ok(start + self.rows) => continue,
                _ => (self.path.clone(), excerpt(text), self.place(column)),
            };
            return Err(match aside {
                Aside::Counter(start) => DataError::BrokenIndex { path, place, text, expected: start + self.rows },
                _ => DataError::NotEmpty { path, place, text },
            });
        }
        Ok(true)
    }

    /// The place of a cell of the current row.
    pub(crate) fn place(&self, column: usize) -> Place {
        let header = self.header.as_ref().and_then(|names| names.get(column)).map(|name| excerpt(name));
        Place { line: NonZeroU64::new(self.records.line), row: self.rows, column, header }
    }
}
