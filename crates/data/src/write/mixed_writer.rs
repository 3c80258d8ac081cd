//! Writes rows of numbers and labels to CSV in blocks.

use std::fmt;
use std::path::{Path, PathBuf};

use super::output::{Output, STDOUT};
use super::row_writer::append_csv;
use super::sink::Sink;
use crate::error::DataError;

/// A cell of a row of numbers and labels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MixedCell<'a> {
    /// A number, with the shortest digits of single precision.
    Single(f32),
    /// A number, with the shortest digits of double precision.
    Double(f64),
    /// A label.
    Label(&'a str),
}

/// Writes rows of numbers and labels as CSV. As with [`RowWriter`](crate::RowWriter), a file appears
/// complete when [`finish`](Self::finish) is called, and a stream is written as rows arrive.
pub struct MixedWriter {
    path: PathBuf,
    sink: Sink,
    columns: usize,
    written: u64,
}

impl fmt::Debug for MixedWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, columns, written, .. } = self;
        f.debug_struct("MixedWriter")
            .field("path", path)
            .field("columns", columns)
            .field("written", written)
            .finish_non_exhaustive()
    }
}

impl MixedWriter {
    /// Starts writing rows of `columns` cells. `column_names`, if given, become the header row.
    ///
    /// # Errors
    /// As [`RowWriter::create`](crate::RowWriter::create).
    pub fn create(output: &Output, columns: usize, column_names: Option<&[String]>) -> Result<Self, DataError> {
        let (path, sink) = match output {
            Output::Stdout => (Path::new(STDOUT), Sink::stream(Box::new(std::io::stdout()), false)),
            Output::File(path) => (path.as_path(), Sink::file(path, false)),
        };
        let name = || path.display().to_string();
        if columns == 0 {
            return Err(DataError::ZeroFeatures { name: name() });
        }
        if let Some(actual) = column_names.map(<[String]>::len).filter(|&actual| actual != columns) {
            return Err(DataError::FeatureMismatch { name: name(), expected: columns, actual });
        }
        let sink = sink.map_err(|source| DataError::io(path, source))?;
        let mut writer = Self { path: path.to_path_buf(), sink, columns, written: 0 };
        if let Some(names) = column_names {
            writer.records(1, |_, column| MixedCell::Label(&names[column]))?;
        }
        Ok(writer)
    }

    /// Writes rows: `cell(row, column)` for each of `rows` rows and all columns.
    ///
    /// # Errors
    /// [`DataError::Io`], with the kind `BrokenPipe` if the reader has closed the stream.
    pub fn write<'a>(&mut self, rows: usize, cell: impl Fn(usize, usize) -> MixedCell<'a>) -> Result<(), DataError> {
        self.records(rows, cell)?;
        self.written += rows as u64;
        Ok(())
    }

    fn records<'a>(&mut self, rows: usize, cell: impl Fn(usize, usize) -> MixedCell<'a>) -> Result<(), DataError> {
        let (mut record, mut number) = (csv::ByteRecord::new(), Vec::new());
        let mut writer = csv::Writer::from_writer(Vec::new());
        for row in 0..rows {
            record.clear();
            for column in 0..self.columns {
                number.clear();
                match cell(row, column) {
                    MixedCell::Single(value) => append_csv(&[value], &mut number),
                    MixedCell::Double(value) => append_csv(&[value], &mut number),
                    MixedCell::Label(label) => {
                        record.push_field(label.as_bytes());
                        continue;
                    }
                }
                record.push_field(number.trim_ascii_end());
            }
            writer.write_byte_record(&record).map_err(|error| DataError::io(&self.path, error.into()))?;
        }
        let bytes = writer.into_inner().map_err(|error| DataError::io(&self.path, error.into_error()))?;
        self.sink.write_all(&bytes).map_err(|source| DataError::io(&self.path, source))
    }

    /// Finishes writing and returns the number of rows. Only now does a file appear under its name.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn finish(self) -> Result<u64, DataError> {
        let Self { path, sink, written, .. } = self;
        sink.finish(None).map_err(|source| DataError::io(&path, source))?;
        Ok(written)
    }
}
