//! Reads an `.npy` stream, in C order or of records, in blocks of rows.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::fortran_rows::FortranRows;
use super::read_rows::ReadRows;
use crate::element::Element;
use crate::error::DataError;
use crate::format::{MatrixHeader, decode, read_header};

/// Rows of an array in C order, or of records.
pub(crate) struct NpyRows<R> {
    name: String,
    path: PathBuf,
    reader: R,
    header: MatrixHeader,
    /// Whether the length of the stream has been checked against the header.
    measured: bool,
    /// Rows returned so far.
    given: usize,
    chunk: Vec<u8>,
}

impl<R: Read + Send> NpyRows<R> {
    /// `reader` is positioned at the data.
    pub(crate) fn new(path: &Path, reader: R, header: MatrixHeader, measured: bool) -> Self {
        let name = path.display().to_string();
        Self { name, path: path.to_path_buf(), reader, header, measured, given: 0, chunk: Vec::new() }
    }

    fn check_end(&mut self) -> Result<(), DataError> {
        let mut next = Vec::new();
        (&mut self.reader).take(1).read_to_end(&mut next).map_err(|source| DataError::io(&self.path, source))?;
        if next.is_empty() {
            return Ok(());
        }
        Err(DataError::Trailing { path: self.path.clone(), expected: self.header.data_bytes() })
    }
}

impl<F: Element, R: Read + Send> ReadRows<F> for NpyRows<R> {
    fn name(&self) -> &str {
        &self.name
    }

    fn features(&self) -> usize {
        self.header.columns
    }

    fn rows(&self) -> Option<u64> {
        Some(self.header.rows as u64)
    }

    fn columns(&self) -> Option<&[String]> {
        self.header.dtype.names.as_deref()
    }

    fn read(&mut self, limit: usize, block: &mut Vec<F>) -> Result<usize, DataError> {
        block.clear();
        let count = limit.min(self.header.rows - self.given);
        if count == 0 {
            return Ok(0);
        }
        let (dtype, row_bytes) = (&self.header.dtype, self.header.row_bytes() as u128);
        let wanted = row_bytes.saturating_mul(count as u128);
        let too_large = |_| DataError::TooLarge { rows: count, features: self.header.columns };
        if self.measured {
            // The product fits, because the file is that long.
            block.try_reserve_exact(count * self.header.columns).map_err(too_large)?;
        }
        let mut got = 0_u128;
        while got < wanted {
            let asked = (wanted - got).min(self.header.chunk_bytes() as u128) as usize;
            self.chunk.clear();
            let came = (&mut self.reader)
                .take(asked as u64)
                .read_to_end(&mut self.chunk)
                .map_err(|source| DataError::io(&self.path, source))?;
            got += came as u128;
            if came < asked {
                return Err(DataError::Truncated {
                    path: self.path.clone(),
                    expected: self.header.data_bytes(),
                    actual: row_bytes * self.given as u128 + got,
                });
            }
            // For a pipe, the block grows only with the data that arrive.
            block.try_reserve(came / dtype.size * dtype.fields.len()).map_err(too_large)?;
            let before = self.given as u128 * self.header.columns as u128 + block.len() as u128;
            decode(&self.chunk, dtype, block)
                .map_err(|value| self.header.inexact(&self.path, before + value.at as u128, value))?;
        }
        self.given += count;
        if self.given == self.header.rows {
            self.check_end()?;
        }
        Ok(count)
    }
}

/// Opens an `.npy` file. Its length is checked against its header, except for a pipe, which has
/// none.
pub(crate) fn open_npy<F: Element>(path: &Path) -> Result<Box<dyn ReadRows<F>>, DataError> {
    let io = |source| DataError::io(path, source);
    let mut file = File::open(path).map_err(io)?;
    let header = read_header(path, &mut file)?;
    let metadata = file.metadata().map_err(io)?;
    if !metadata.is_file() {
        return pipe(path, file, header);
    }
    header.check_length(path, metadata.len().saturating_sub(header.data_start))?;
    if header.fortran {
        return Ok(Box::new(FortranRows::new(path, file, header.data_start, header)));
    }
    Ok(Box::new(NpyRows::new(path, file, header, true)))
}

/// Rows of a non-seekable stream positioned at its data.
pub(crate) fn pipe<F: Element>(
    path: &Path,
    reader: impl Read + Send + 'static,
    header: MatrixHeader,
) -> Result<Box<dyn ReadRows<F>>, DataError> {
    header.check_not_empty(path)?;
    if header.fortran {
        return Err(DataError::NeedsAFile {
            path: path.to_path_buf(),
            what: "an array in Fortran order (its first row ends near the end of the data)",
        });
    }
    Ok(Box::new(NpyRows::new(path, reader, header, false)))
}
