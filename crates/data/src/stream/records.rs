//! The records of a text, with their lines.

use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use csv::ByteRecord;

use crate::error::DataError;
use crate::text::{BLANKS, RECORD_LIMIT, RecordLimit, SingleBlanks};

/// Records of a text with normalized line ends. Blank lines are skipped.
pub(crate) struct Records {
    path: PathBuf,
    reader: csv::Reader<RecordLimit<Box<dyn Read + Send>>>,
    /// The current record.
    pub(crate) record: ByteRecord,
    /// The line on which `record` starts, from 1.
    pub(crate) line: u64,
    /// Lines above the text.
    above: u64,
}

impl Records {
    /// `head` is the text before `rest`, below `above` lines that are not part of the table.
    pub(crate) fn new(
        path: &Path,
        head: Vec<u8>,
        rest: Box<dyn Read + Send>,
        above: u64,
        delimiter: u8,
        comment: Option<u8>,
    ) -> Self {
        let text: Box<dyn Read + Send> = Box::new(Cursor::new(head).chain(rest));
        let text = if delimiter == BLANKS { Box::new(SingleBlanks::new(text)) } else { text };
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .comment(comment)
            .from_reader(RecordLimit::new(text));
        Self { path: path.to_path_buf(), reader, record: ByteRecord::new(), line: above + 1, above }
    }

    /// Reads the next record; `false` at the end.
    ///
    /// # Errors
    /// [`DataError::Io`], [`DataError::RecordTooLong`].
    pub(crate) fn next(&mut self) -> Result<bool, DataError> {
        self.reader.get_mut().restart();
        let more = match self.reader.read_byte_record(&mut self.record) {
            Ok(more) => more,
            Err(_) if self.reader.get_mut().exceeded() => {
                return Err(DataError::RecordTooLong {
                    path: self.path.clone(),
                    line: self.record.position().map_or(self.line, |position| self.above + position.line()),
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
        self.line = self.above + self.reader.position().line().saturating_sub(1 + within);
        Ok(more)
    }

    /// The text of a cell of the current record; empty beyond its end.
    ///
    /// # Errors
    /// [`DataError::NotUtf8`].
    pub(crate) fn text(&self, column: usize) -> Result<&str, DataError> {
        std::str::from_utf8(self.record.get(column).unwrap_or_default())
            .map_err(|_| DataError::NotUtf8 { path: self.path.clone(), line: self.line })
    }
}
