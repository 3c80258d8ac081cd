//! Reads CSV text in blocks of rows.

use std::collections::HashMap;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use csv::ByteRecord;

use super::read_rows::ReadRows;
use crate::element::Element;
use crate::error::{DataError, Place, excerpt};
use crate::format::{BOM, Head};
use crate::text::{
    Cell, CsvHeader, LineEnds, RECORD_LIMIT, RecordLimit, TextOptions, cell, choose, detect_delimiter, find,
};

/// The text, including the head that was read to detect its format.
type Text = LineEnds<RecordLimit<Box<dyn Read + Send>>>;

/// Rows of a CSV text. Blank lines are skipped.
pub(crate) struct CsvRows {
    name: String,
    path: PathBuf,
    reader: csv::Reader<Text>,
    record: ByteRecord,
    /// The line on which `record` starts, from 1.
    line: u64,
    /// Whether `record` is a row that has not been returned yet.
    pending: bool,
    /// Cells per record.
    cells: usize,
    /// The names of all columns.
    header: Option<Vec<String>>,
    /// The selected columns, and their names.
    taken: Vec<usize>,
    columns: Option<Vec<String>>,
    /// The column of row names, and its own name.
    id: Option<(usize, String)>,
    /// The row names of the last block.
    ids: Vec<String>,
    /// Rows returned so far.
    rows: u64,
}

/// The name of the `id` column if the file has no header.
const ID: &str = "id";

impl CsvRows {
    /// Reads the header row, if any, and the first row.
    pub(crate) fn open(
        path: &Path,
        head: Head,
        rest: Box<dyn Read + Send>,
        options: &TextOptions,
    ) -> Result<Self, DataError> {
        let Head { mut bytes, complete } = head;
        if bytes.starts_with(BOM) {
            bytes.drain(..BOM.len());
        }
        let delimiter = options.delimiter.unwrap_or_else(|| detect_delimiter(&bytes, complete));
        if !delimiter.is_ascii() || matches!(delimiter, b'"' | b'\n' | b'\r') {
            return Err(DataError::BadDelimiter { path: path.to_path_buf(), delimiter });
        }
        let text: Box<dyn Read + Send> = Box::new(Cursor::new(bytes).chain(rest));
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .from_reader(LineEnds::new(RecordLimit::new(text)));
        let mut rows = Self {
            name: path.display().to_string(),
            path: path.to_path_buf(),
            reader,
            record: ByteRecord::new(),
            line: 1,
            pending: false,
            cells: 0,
            header: None,
            taken: Vec::new(),
            columns: None,
            id: None,
            ids: Vec::new(),
            rows: 0,
        };
        rows.begin(options)?;
        Ok(rows)
    }

    fn begin(&mut self, options: &TextOptions) -> Result<(), DataError> {
        self.pending = self.next_record()?;
        self.cells = self.record.len();
        let is_header = match options.header {
            CsvHeader::Yes => true,
            CsvHeader::No => false,
            // Row names are words in every row, so they do not indicate a header.
            CsvHeader::Auto => {
                let id = options.id.as_ref().and_then(|id| id.trim().parse::<usize>().ok());
                self.record.iter().enumerate().any(|(column, cell)| Some(column) != id && is_word(cell))
            }
        };
        if self.pending && is_header {
            self.header = Some(self.header_names()?);
            self.pending = self.next_record()?;
        }
        // For an empty file, the missing rows are the error to report.
        if self.cells > 0 {
            if let Some(name) = &options.id {
                let column = find(&self.path, name, self.header.as_deref(), self.cells)?;
                let names = self.header.as_ref();
                let name = names.and_then(|names| names.get(column)).map_or_else(|| ID.to_owned(), Clone::clone);
                self.id = Some((column, name));
            }
            let id = self.id.as_ref().map(|(column, _)| *column);
            let usual = self.has_each_once(&options.usual).then_some(options.usual.as_slice());
            let asked = options.columns.as_deref().or(usual);
            self.taken = choose(&self.path, asked, self.header.as_deref(), self.cells, id)?;
        }
        if !self.pending {
            return Err(DataError::TooFewRows { name: self.name.clone(), expected: 1, actual: 0 });
        }
        if self.taken.is_empty() {
            return Err(DataError::ZeroFeatures { name: self.name.clone() });
        }
        self.columns =
            self.header.as_ref().map(|names| self.taken.iter().map(|&column| names[column].clone()).collect());
        Ok(())
    }

    /// Whether each of `names` occurs exactly once in the header; `false` for no names.
    fn has_each_once(&self, names: &[String]) -> bool {
        let Some(header) = self.header.as_ref().filter(|_| !names.is_empty()) else { return false };
        let mut counts = HashMap::new();
        header.iter().for_each(|name| *counts.entry(name.as_str()).or_insert(0) += 1);
        names.iter().all(|name| counts.get(name.as_str()) == Some(&1))
    }

    /// Reads the next record and its position; `false` at the end.
    fn next_record(&mut self) -> Result<bool, DataError> {
        self.reader.get_mut().get_mut().restart();
        let more = match self.reader.read_byte_record(&mut self.record) {
            Ok(more) => more,
            Err(_) if self.reader.get_mut().get_mut().exceeded() => {
                return Err(DataError::RecordTooLong {
                    path: self.path.clone(),
                    line: self.record.position().map_or(self.line, csv::Position::line),
                    limit: RECORD_LIMIT,
                });
            }
            Err(error) => {
                return Err(match error.into_kind() {
                    csv::ErrorKind::Io(source) => DataError::io(&self.path, source),
                    other => DataError::io(&self.path, std::io::Error::other(format!("{other:?}"))),
                });
            }
        };
        // The reader is positioned after the newline that ends the record. The record's own
        // position would be before any blank lines.
        let within = self.record.as_slice().iter().filter(|&&byte| byte == b'\n').count() as u64;
        self.line = self.reader.position().line().saturating_sub(1 + within);
        Ok(more)
    }

    fn header_names(&self) -> Result<Vec<String>, DataError> {
        self.record
            .iter()
            .map(|name| match std::str::from_utf8(name) {
                Ok(name) => Ok(name.trim().to_owned()),
                Err(_) => Err(self.not_utf8()),
            })
            .collect()
    }

    fn not_utf8(&self) -> DataError {
        DataError::NotUtf8 { path: self.path.clone(), line: self.line }
    }

    /// Appends the selected cells of the current record.
    fn append<F: Element>(&mut self, block: &mut Vec<F>) -> Result<(), DataError> {
        if self.record.len() != self.cells {
            return Err(DataError::RaggedRow {
                path: self.path.clone(),
                line: self.line,
                row: self.rows,
                expected: self.cells,
                actual: self.record.len(),
            });
        }
        block.try_reserve(self.taken.len()).map_err(|_| DataError::TooLarge {
            rows: block.len() / self.taken.len() + 1,
            features: self.taken.len(),
        })?;
        for &column in &self.taken {
            let bytes = self.record.get(column).unwrap_or_default();
            let text = std::str::from_utf8(bytes).map_err(|_| self.not_utf8())?;
            match cell(text) {
                Cell::Number(value) => block.push(value),
                other => return Err(self.refused(column, text, other)),
            }
        }
        if let Some((column, _)) = self.id {
            let id = std::str::from_utf8(self.record.get(column).unwrap_or_default());
            self.ids.push(id.map_err(|_| self.not_utf8())?.trim().to_owned());
        }
        Ok(())
    }

    fn refused<F: Element>(&self, column: usize, text: &str, cell: Cell<F>) -> DataError {
        let header = self.header.as_ref().and_then(|names| names.get(column)).map(|name| excerpt(name));
        let place = Place { line: self.line, row: self.rows, column, header };
        let (path, text) = (self.path.clone(), excerpt(text.trim()));
        match cell {
            Cell::Missing => DataError::MissingCell { path, place, text },
            Cell::Infinite => DataError::InfiniteCell { path, place, text, bits: 8 * size_of::<F>() },
            // A column that starts with a word is a text column; a later word is a typo.
            _ if self.rows == 0 => DataError::TextColumn { path, place, text },
            _ => DataError::NotANumber { path, place, text },
        }
    }
}

impl<F: Element> ReadRows<F> for CsvRows {
    fn name(&self) -> &str {
        &self.name
    }

    fn features(&self) -> usize {
        self.taken.len()
    }

    fn rows(&self) -> Option<u64> {
        None
    }

    fn columns(&self) -> Option<&[String]> {
        self.columns.as_deref()
    }

    fn all_columns(&self) -> Option<&[String]> {
        self.header.as_deref()
    }

    fn id_column(&self) -> Option<&str> {
        self.id.as_ref().map(|(_, name)| name.as_str())
    }

    fn ids(&self) -> &[String] {
        &self.ids
    }

    fn read(&mut self, limit: usize, block: &mut Vec<F>) -> Result<usize, DataError> {
        block.clear();
        self.ids.clear();
        let mut count = 0;
        // No record is read ahead: from a slow pipe, a row is returned as soon as it is complete.
        while count < limit && (self.pending || self.next_record()?) {
            self.pending = false;
            self.append(block)?;
            count += 1;
            self.rows += 1;
        }
        Ok(count)
    }
}

/// Whether a header cell is a word: neither a number nor a missing value.
fn is_word(bytes: &[u8]) -> bool {
    !matches!(std::str::from_utf8(bytes).map(cell::<f64>), Ok(Cell::Number(_) | Cell::Missing | Cell::Infinite))
}
