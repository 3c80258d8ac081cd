//! Random access to the rows of an `.npy` file, from any thread, without loading the file.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::element::Element;
use crate::error::DataError;
use crate::format::{MatrixHeader, SharedFile, decode_into, read_header};

/// An `.npy` file with random access to its rows: `[rows, features]` in C order, `[rows]` (one
/// feature), or `[rows]` of records.
#[derive(Debug)]
pub struct NpyFile {
    path: PathBuf,
    file: SharedFile,
    header: MatrixHeader,
}

impl NpyFile {
    /// Opens a file and checks its length against its header. Values are not checked.
    ///
    /// # Errors
    /// Those of [`read_npy`](crate::read_npy); [`DataError::FortranOrder`] for an array whose rows
    /// are not contiguous; [`DataError::NeedsAFile`] for a pipe.
    pub fn open(path: &Path) -> Result<Self, DataError> {
        let io = |source| DataError::io(path, source);
        let mut file = File::open(path).map_err(io)?;
        let metadata = file.metadata().map_err(io)?;
        if !metadata.is_file() {
            let what = "rows in arbitrary order";
            return Err(DataError::NeedsAFile { path: path.to_path_buf(), what });
        }
        let header = read_header(path, &mut file)?;
        header.check_length(path, metadata.len().saturating_sub(header.data_start))?;
        if header.fortran {
            return Err(DataError::FortranOrder { path: path.to_path_buf() });
        }
        Ok(Self { path: path.to_path_buf(), file: SharedFile::new(file), header })
    }

    /// The path as given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Rows of the file, at least 1.
    pub fn rows(&self) -> u64 {
        self.header.rows as u64
    }

    /// Features per row, at least 1.
    pub fn features(&self) -> usize {
        self.header.columns
    }

    /// The feature names, if any (the fields of records).
    pub fn columns(&self) -> Option<&[String]> {
        self.header.dtype.names.as_deref()
    }

    /// Fills `out` with consecutive whole rows starting at `first_row`, row-major, rounded if the
    /// file is wider than `F`. Threads can call it concurrently.
    ///
    /// # Errors
    /// [`DataError::PartialRow`] if `out` does not hold whole rows; [`DataError::RowsOutOfRange`]
    /// beyond the end; [`DataError::InexactInteger`]; [`DataError::Io`]; [`DataError::Truncated`] if
    /// the file was shortened in the meantime.
    pub fn read_at<F: Element>(&self, first_row: u64, out: &mut [F]) -> Result<(), DataError> {
        let features = self.features();
        let path = || self.path.clone();
        if !out.len().is_multiple_of(features) {
            return Err(DataError::PartialRow { path: path(), features, values: out.len() });
        }
        let count = (out.len() / features) as u64;
        if first_row.checked_add(count).is_none_or(|end| end > self.rows()) {
            return Err(DataError::RowsOutOfRange { path: path(), first: first_row, count, rows: self.rows() });
        }
        let dtype = &self.header.dtype;
        let (size, numbers) = (dtype.size, dtype.fields.len());
        let mut from = first_row * self.header.row_bytes() as u64;
        let mut place = u128::from(first_row) * features as u128;
        let chunk = self.header.chunk_bytes();
        let mut bytes = vec![0; (out.len() / numbers * size).min(chunk)];
        for part in out.chunks_mut(chunk / size * numbers) {
            let bytes = &mut bytes[..part.len() / numbers * size];
            self.file.read_exact_at(bytes, self.header.data_start + from).map_err(|source| match source.kind() {
                ErrorKind::UnexpectedEof => DataError::Truncated {
                    path: path(),
                    expected: self.header.data_bytes(),
                    actual: u128::from(from) + bytes.len() as u128 - 1,
                },
                _ => DataError::io(&self.path, source),
            })?;
            decode_into(bytes, dtype, part)
                .map_err(|value| self.header.inexact(&self.path, place + value.at as u128, value))?;
            from += bytes.len() as u64;
            place += part.len() as u128;
        }
        Ok(())
    }
}
