//! The header of an `.npy` file, parsed so that a hostile file exhausts neither memory nor stack.

use std::io::Read;
use std::path::Path;

use ndarray_npy::npy::header::{Header, Layout};

use crate::error::DataError;

/// The first bytes of every `.npy` file.
pub(crate) const NPY_MAGIC: [u8; 6] = *b"\x93NUMPY";

/// A plain array needs about 100 bytes; NumPy itself refuses headers longer than this.
const HEADER_LIMIT: u64 = 10_000;

/// `{'descr': '<f4', 'shape': (2, 3)}` is 2 levels deep, a structured type 4 or 6. The parser
/// recurses and tries the inside of each bracket up to three times, so 15 unclosed brackets would
/// take impractically long.
const DEPTH_LIMIT: usize = 6;

/// The supported element types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dtype {
    F32,
    F64,
}

impl Dtype {
    pub(crate) fn size(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F64 => 8,
        }
    }
}

/// The data layout of a two-dimensional float array.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MatrixHeader {
    pub(crate) dtype: Dtype,
    pub(crate) fortran: bool,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// Offset of the data, bytes from the start of the file.
    pub(crate) data_start: u64,
}

impl MatrixHeader {
    /// The declared number of data bytes.
    pub(crate) fn data_bytes(&self) -> u128 {
        (self.rows as u128).saturating_mul(self.columns as u128).saturating_mul(self.dtype.size() as u128)
    }

    /// Refuses an array without rows or features.
    pub(crate) fn check_not_empty(&self, path: &Path) -> Result<(), DataError> {
        let name = || path.display().to_string();
        if self.columns == 0 {
            return Err(DataError::ZeroFeatures { name: name() });
        }
        if self.rows == 0 {
            return Err(DataError::TooFewRows { name: name(), expected: 1, actual: 0 });
        }
        Ok(())
    }

    /// Refuses an empty array and one whose declared size differs from the `actual` bytes of data.
    /// The number of elements then fits into a `usize`.
    pub(crate) fn check_length(&self, path: &Path, actual: u64) -> Result<(), DataError> {
        self.check_not_empty(path)?;
        let (expected, actual) = (self.data_bytes(), u128::from(actual));
        if actual < expected {
            return Err(DataError::Truncated { path: path.to_path_buf(), expected, actual });
        }
        if actual > expected {
            return Err(DataError::Trailing { path: path.to_path_buf(), expected });
        }
        Ok(())
    }
}

/// Reads the header of a two-dimensional array, leaving the file positioned at its data.
pub(crate) fn read_header(path: &Path, file: &mut impl Read) -> Result<MatrixHeader, DataError> {
    read_shaped(path, file, 2, |shape| match shape {
        &[rows, columns] => Some((rows, columns)),
        _ => None,
    })
}

/// Reads the header of a one-dimensional array as a single column, leaving the file positioned at
/// its data.
pub(crate) fn read_vector_header(path: &Path, file: &mut impl Read) -> Result<MatrixHeader, DataError> {
    read_shaped(path, file, 1, |shape| match shape {
        &[rows] => Some((rows, 1)),
        _ => None,
    })
}

fn read_shaped(
    path: &Path,
    file: &mut impl Read,
    rank: usize,
    dim: impl FnOnce(&[usize]) -> Option<(usize, usize)>,
) -> Result<MatrixHeader, DataError> {
    let bytes = header_bytes(path, file)?;
    check_depth(path, &bytes)?;
    let header = Header::from_reader(&mut bytes.as_slice())
        .map_err(|source| DataError::BadHeader { path: path.to_path_buf(), source: Box::new(source) })?;
    let descriptor = header.type_descriptor.to_string();
    let dtype = match descriptor.trim_matches(['\'', '"']) {
        "<f4" => Dtype::F32,
        "<f8" => Dtype::F64,
        other => {
            return Err(DataError::WrongDtype {
                path: path.to_path_buf(),
                expected: "<f4 or <f8 (little-endian f32 or f64)",
                actual: other.to_owned(),
            });
        }
    };
    let Some((rows, columns)) = dim(&header.shape) else {
        let actual = header.shape.len();
        return Err(DataError::WrongRank { path: path.to_path_buf(), expected: rank, actual });
    };
    Ok(MatrixHeader {
        dtype,
        // For a single column both orders coincide.
        fortran: rank > 1 && header.layout == Layout::Fortran,
        rows,
        columns,
        data_start: bytes.len() as u64,
    })
}

/// Signature, version, length and dictionary as stored in the file.
fn header_bytes(path: &Path, file: &mut impl Read) -> Result<Vec<u8>, DataError> {
    let mut bytes = Vec::new();
    read_more(path, file, &mut bytes, 8)?;
    if !bytes.starts_with(&NPY_MAGIC) {
        return Err(DataError::BadMagic { path: path.to_path_buf(), expected: "an .npy file", actual: bytes });
    }
    // Version 1 stores the header length in 2 bytes, later versions in 4, little-endian.
    let length_bytes = if bytes.get(6) == Some(&1) { 2 } else { 4 };
    read_more(path, file, &mut bytes, length_bytes)?;
    let length = bytes.iter().skip(8).rev().fold(0_u64, |sum, &byte| (sum << 8) | u64::from(byte));
    if length > HEADER_LIMIT {
        return Err(DataError::HeaderTooLong { path: path.to_path_buf(), limit: HEADER_LIMIT, actual: length });
    }
    read_more(path, file, &mut bytes, length)?;
    Ok(bytes)
}

/// Appends exactly `count` bytes of the file.
fn read_more(path: &Path, file: &mut impl Read, bytes: &mut Vec<u8>, count: u64) -> Result<(), DataError> {
    let got = file.take(count).read_to_end(bytes).map_err(|source| DataError::io(path, source))?;
    if got as u64 == count {
        return Ok(());
    }
    // A short file without the signature is not a truncated .npy file but another format.
    if bytes.starts_with(&NPY_MAGIC) {
        Err(DataError::Truncated { path: path.to_path_buf(), expected: u128::from(count), actual: got as u128 })
    } else {
        Err(DataError::BadMagic { path: path.to_path_buf(), expected: "an .npy file", actual: bytes.clone() })
    }
}

fn check_depth(path: &Path, bytes: &[u8]) -> Result<(), DataError> {
    let mut depth = 0_usize;
    let mut deepest = 0;
    for byte in bytes {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    if deepest > DEPTH_LIMIT {
        return Err(DataError::HeaderTooDeep { path: path.to_path_buf(), limit: DEPTH_LIMIT, actual: deepest });
    }
    Ok(())
}
