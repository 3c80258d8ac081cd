//! Reads an array in Fortran order, which stores whole columns: each block gathers its share of
//! every column.

use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::read_rows::ReadRows;
use crate::element::{Element, zeroed};
use crate::error::DataError;
use crate::format::{MatrixHeader, decode};

/// Rows of an array in Fortran order whose length matches its header.
pub(crate) struct FortranRows<R> {
    name: String,
    path: PathBuf,
    reader: R,
    /// Offset of the data, bytes from the start of `reader`.
    start: u64,
    header: MatrixHeader,
    /// Rows returned so far.
    given: usize,
    chunk: Vec<u8>,
}

impl<R: Read + Seek + Send> FortranRows<R> {
    pub(crate) fn new(path: &Path, reader: R, start: u64, header: MatrixHeader) -> Self {
        let name = path.display().to_string();
        Self { name, path: path.to_path_buf(), reader, start, header, given: 0, chunk: Vec::new() }
    }

    /// Reads `count` elements of the data, starting at element `first`.
    fn read_elements<F: Element>(&mut self, first: usize, count: usize, values: &mut Vec<F>) -> Result<(), DataError> {
        let size = self.header.dtype.size;
        let from = (first * size) as u64;
        self.chunk.resize(count * size, 0);
        self.reader
            .seek(SeekFrom::Start(self.start + from))
            .and_then(|_| self.reader.read_exact(&mut self.chunk))
            .map_err(|source| match source.kind() {
                // Only if the file was shortened in the meantime.
                ErrorKind::UnexpectedEof => DataError::Truncated {
                    path: self.path.clone(),
                    expected: self.header.data_bytes(),
                    actual: u128::from(from) + (count * size) as u128 - 1,
                },
                _ => DataError::io(&self.path, source),
            })?;
        values.clear();
        decode(&self.chunk, &self.header.dtype, values).map_err(|inexact| {
            let MatrixHeader { rows, columns, .. } = self.header;
            let (column, row) = ((first + inexact.at) / rows, (first + inexact.at) % rows);
            self.header.inexact(&self.path, row as u128 * columns as u128 + column as u128, inexact)
        })
    }
}

impl<F: Element, R: Read + Seek + Send> ReadRows<F> for FortranRows<R> {
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
        None
    }

    fn read(&mut self, limit: usize, block: &mut Vec<F>) -> Result<usize, DataError> {
        block.clear();
        let MatrixHeader { rows, columns, ref dtype, .. } = self.header;
        let chunk = self.header.chunk_bytes() / dtype.size;
        let count = limit.min(rows - self.given);
        if block.capacity() < count * columns {
            *block = zeroed(count, columns)?;
        } else {
            block.resize(count * columns, F::zero());
        }
        let mut part = Vec::new();
        for column in 0..columns {
            let mut done = 0;
            while done < count {
                let asked = (count - done).min(chunk);
                self.read_elements(column * rows + self.given + done, asked, &mut part)?;
                for (row, &value) in part.iter().enumerate() {
                    block[(done + row) * columns + column] = value;
                }
                done += asked;
            }
        }
        self.given += count;
        Ok(count)
    }
}
