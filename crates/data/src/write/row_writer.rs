//! Writes rows to `.npy` or CSV in blocks.

use std::fmt;
use std::io::Write;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use super::npy::is_single;
use super::npy_head::npy_head;
use super::output::{Output, RowFormat, RowShape, STDOUT};
use super::sink::Sink;
use crate::element::{Element, widen};
use crate::error::DataError;

/// Bytes buffered before they are passed on.
const CHUNK: usize = 1 << 16;

/// Writes rows in blocks. A file appears complete when [`finish`](Self::finish) is called; a
/// dropped writer leaves nothing behind. A stream is written as rows arrive, with one exception: an
/// `.npy` stream whose number of rows is unknown is spooled to an unnamed file until the end,
/// because the number comes first in the stream.
pub struct RowWriter<F> {
    path: PathBuf,
    sink: Sink,
    format: RowFormat,
    shape: RowShape,
    /// Rows announced.
    expected: Option<u64>,
    /// Rows written.
    written: u64,
    chunk: Vec<u8>,
    /// Whether each row starts with its name.
    labelled: bool,
    element: PhantomData<fn(F)>,
}

impl<F> fmt::Debug for RowWriter<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, format, shape, expected, written, .. } = self;
        f.debug_struct("RowWriter")
            .field("path", path)
            .field("format", format)
            .field("shape", shape)
            .field("expected", expected)
            .field("written", written)
            .finish_non_exhaustive()
    }
}

impl<F: Element> RowWriter<F> {
    /// Starts writing. `rows` is the total number of rows, if known. `column_names` become the CSV
    /// header row and are ignored for `.npy`. A device or named pipe is written as a stream.
    ///
    /// # Errors
    /// [`DataError::ZeroFeatures`]; [`DataError::FeatureMismatch`] if the number of names differs
    /// from that of features; [`DataError::NotFound`] if the folder is missing, otherwise
    /// [`DataError::Io`].
    pub fn create(
        output: &Output,
        format: RowFormat,
        shape: RowShape,
        rows: Option<u64>,
        column_names: Option<&[String]>,
    ) -> Result<Self, DataError> {
        match output {
            Output::Stdout => Self::to_stream(STDOUT, Box::new(std::io::stdout()), format, shape, rows, column_names),
            Output::File(path) => {
                let sink = Sink::file(path, format == RowFormat::Npy && rows.is_none());
                Self::begin(path, sink, format, shape, rows, column_names)
            }
        }
    }

    /// Starts writing CSV whose rows start with their names; use
    /// [`write_labelled`](Self::write_labelled). `column_names`, if given, start with the name of
    /// the name column.
    ///
    /// # Errors
    /// Those of [`create`](Self::create).
    pub fn create_labelled(
        output: &Output,
        shape: RowShape,
        column_names: Option<&[String]>,
    ) -> Result<Self, DataError> {
        let (path, sink) = match output {
            Output::Stdout => (Path::new(STDOUT), Sink::stream(Box::new(std::io::stdout()), false)),
            Output::File(path) => (path.as_path(), Sink::file(path, false)),
        };
        // One column more, for the names.
        let wide = RowShape::Matrix { features: shape.features().saturating_add(1) };
        let writer = Self::begin(path, sink, RowFormat::Csv, wide, None, column_names)?;
        Ok(Self { shape, labelled: true, ..writer })
    }

    /// Starts writing to a stream, as [`create`](Self::create) does for standard output; messages
    /// call it `name`.
    ///
    /// # Errors
    /// Those of [`create`](Self::create).
    pub fn to_stream(
        name: &str,
        stream: Box<dyn Write + Send>,
        format: RowFormat,
        shape: RowShape,
        rows: Option<u64>,
        column_names: Option<&[String]>,
    ) -> Result<Self, DataError> {
        let sink = Sink::stream(stream, format == RowFormat::Npy && rows.is_none());
        Self::begin(Path::new(name), sink, format, shape, rows, column_names)
    }

    fn begin(
        path: &Path,
        sink: std::io::Result<Sink>,
        format: RowFormat,
        shape: RowShape,
        rows: Option<u64>,
        column_names: Option<&[String]>,
    ) -> Result<Self, DataError> {
        let name = || path.display().to_string();
        let features = shape.features();
        if features == 0 {
            return Err(DataError::ZeroFeatures { name: name() });
        }
        if let Some(actual) = column_names.map(<[String]>::len).filter(|&actual| actual != features) {
            return Err(DataError::FeatureMismatch { name: name(), expected: features, actual });
        }
        let io = |source| DataError::io(path, source);
        let mut sink = sink.map_err(io)?;
        match format {
            RowFormat::Npy => sink.write_all(&npy_head(size_of::<F>(), &shape.axes(rows.unwrap_or(0)))),
            RowFormat::Csv => column_names.map_or(Ok(()), |names| sink.write_all(&header_row(names)?)),
        }
        .map_err(io)?;
        Ok(Self {
            path: path.to_path_buf(),
            sink,
            format,
            shape,
            expected: rows,
            written: 0,
            chunk: Vec::new(),
            labelled: false,
            element: PhantomData,
        })
    }

    /// Writes whole rows, row-major.
    ///
    /// # Errors
    /// [`DataError::PartialRow`]; [`DataError::RowCount`] for more rows than announced, before any
    /// of them is written; [`DataError::Io`], with the kind `BrokenPipe` if the reader has closed
    /// the stream.
    pub fn write(&mut self, values: &[F]) -> Result<(), DataError> {
        let features = self.shape.features();
        if !values.len().is_multiple_of(features) {
            return Err(DataError::PartialRow { path: self.path.clone(), features, values: values.len() });
        }
        let actual = self.written + (values.len() / features) as u64;
        if let Some(expected) = self.expected.filter(|&expected| actual > expected) {
            return Err(DataError::RowCount { path: self.path.clone(), expected, actual });
        }
        self.chunk.clear();
        for row in values.chunks_exact(features) {
            match self.format {
                RowFormat::Npy => append_npy(row, &mut self.chunk),
                RowFormat::Csv => append_csv(row, &mut self.chunk),
            }
            if self.chunk.len() >= CHUNK {
                self.hand_on()?;
            }
        }
        self.hand_on()?;
        self.written = actual;
        Ok(())
    }

    /// Writes whole rows, each after its name.
    ///
    /// # Errors
    /// As [`write`](Self::write); [`DataError::RowCount`] if the number of names differs from that
    /// of rows, or if the writer was created without names.
    pub fn write_labelled(&mut self, labels: &[String], values: &[F]) -> Result<(), DataError> {
        let features = self.shape.features();
        if !values.len().is_multiple_of(features) {
            return Err(DataError::PartialRow { path: self.path.clone(), features, values: values.len() });
        }
        let (rows, names) = ((values.len() / features) as u64, labels.len() as u64);
        if names != rows || !self.labelled {
            let (path, names) = (self.path.clone(), if self.labelled { names } else { 0 });
            return Err(DataError::RowCount { path, expected: rows, actual: names });
        }
        let (mut record, mut cell) = (csv::ByteRecord::new(), Vec::new());
        let mut writer = csv::Writer::from_writer(Vec::new());
        for (label, row) in labels.iter().zip(values.chunks_exact(features)) {
            record.clear();
            record.push_field(label.as_bytes());
            for value in row {
                cell.clear();
                append_csv(std::slice::from_ref(value), &mut cell);
                record.push_field(cell.trim_ascii_end());
            }
            writer.write_byte_record(&record).map_err(|error| DataError::io(&self.path, error.into()))?;
        }
        self.chunk = writer.into_inner().map_err(|error| DataError::io(&self.path, error.into_error()))?;
        self.hand_on()?;
        self.written += rows;
        Ok(())
    }

    fn hand_on(&mut self) -> Result<(), DataError> {
        self.sink.write_all(&self.chunk).map_err(|source| DataError::io(&self.path, source))?;
        self.chunk.clear();
        Ok(())
    }

    /// Finishes writing and returns the number of rows. Only now does a file appear under its name.
    ///
    /// # Errors
    /// [`DataError::RowCount`] for fewer rows than announced; [`DataError::Io`] as in
    /// [`write`](Self::write).
    pub fn finish(self) -> Result<u64, DataError> {
        let Self { path, sink, format, shape, expected, written, .. } = self;
        if let Some(expected) = expected.filter(|&expected| written != expected) {
            return Err(DataError::RowCount { path, expected, actual: written });
        }
        let patched = format == RowFormat::Npy && expected.is_none();
        let head = patched.then(|| npy_head(size_of::<F>(), &shape.axes(written)));
        sink.finish(head.as_deref()).map_err(|source| DataError::io(&path, source))?;
        Ok(written)
    }
}

fn append_npy<F: Element>(row: &[F], bytes: &mut Vec<u8>) {
    for &value in row {
        if is_single::<F>() {
            bytes.extend_from_slice(&(widen(value) as f32).to_le_bytes());
        } else {
            bytes.extend_from_slice(&widen(value).to_le_bytes());
        }
    }
}

pub(super) fn append_csv<F: Element>(row: &[F], bytes: &mut Vec<u8>) {
    for (column, &value) in row.iter().enumerate() {
        if column > 0 {
            bytes.push(b',');
        }
        // The shortest digits in the value's own precision. Writing to a vector cannot fail.
        let _ = if is_single::<F>() {
            write!(bytes, "{:?}", widen(value) as f32)
        } else {
            write!(bytes, "{:?}", widen(value))
        };
    }
    bytes.push(b'\n');
}

/// The names, quoted where necessary.
fn header_row(names: &[String]) -> std::io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(names)?;
    writer.into_inner().map_err(|error| error.into_error())
}
