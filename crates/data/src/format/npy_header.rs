//! The header of an `.npy` file, parsed so that a hostile file exhausts neither memory nor stack.

use std::io::Read;
use std::path::Path;

use super::npy_decode::{Inexact, items_a_chunk};
use super::npy_dtype::{Dtype, DtypeError};
use super::npy_literal::{Literal, deepest, parse};
use crate::error::{DataError, Hint, Place, excerpt};

/// The first bytes of every `.npy` file.
pub(crate) const NPY_MAGIC: [u8; 6] = *b"\x93NUMPY";

/// Bytes of a header at most: a plain array needs about 100, a record about 20 a column.
const HEADER_LIMIT: u64 = 1 << 20;

/// `{'descr': '<f4', 'shape': (2, 3)}` is 2 levels deep, a structured type 4 or 6. The parser
/// recurses.
const DEPTH_LIMIT: usize = 6;

/// The data layout of an array whose rows are numbers.
#[derive(Clone, Debug)]
pub(crate) struct MatrixHeader {
    pub(crate) dtype: Dtype,
    /// Whether whole columns are stored, each item of which is one number.
    pub(crate) fortran: bool,
    pub(crate) rows: usize,
    /// Numbers a row.
    pub(crate) columns: usize,
    /// Offset of the data, bytes from the start of the file.
    pub(crate) data_start: u64,
}

/// Faults of a header that is a literal.
#[derive(Debug, thiserror::Error)]
enum HeaderFault {
    #[error("version {0} of the format; 1 to 3 are known")]
    Version(u8),
    #[error("not UTF-8 text")]
    NotUtf8,
    #[error("not a dictionary")]
    NotADict,
    #[error("no entry {0:?}")]
    Missing(&'static str),
    #[error("entry {0}, which is not 'descr', 'fortran_order' or 'shape', or comes twice")]
    Unknown(usize),
    #[error("'fortran_order' is neither True nor False")]
    Order,
    #[error("'shape' is not a tuple of integers")]
    Shape,
}

impl MatrixHeader {
    /// Bytes of a row. Saturates, and then no file is long enough.
    pub(crate) fn row_bytes(&self) -> usize {
        // A record is a row.
        (self.columns / self.dtype.fields.len()).saturating_mul(self.dtype.size)
    }

    /// The declared number of data bytes.
    pub(crate) fn data_bytes(&self) -> u128 {
        let row = (self.columns / self.dtype.fields.len()) as u128 * self.dtype.size as u128;
        (self.rows as u128).saturating_mul(row)
    }

    /// The largest number of bytes converted at a time, a whole number of items.
    pub(crate) fn chunk_bytes(&self) -> usize {
        items_a_chunk(&self.dtype) * self.dtype.size
    }

    /// The error about an integer that is number `place` of the array, by rows.
    pub(crate) fn inexact(&self, path: &Path, place: u128, value: Inexact) -> DataError {
        let columns = (self.columns as u128).max(1);
        let (row, column) = ((place / columns) as u64, (place % columns) as usize);
        let header = self.dtype.names.as_ref().and_then(|names| names.get(column)).map(|name| excerpt(name));
        let place = Place { line: None, row, column, header };
        DataError::InexactInteger { path: path.to_path_buf(), place, value: value.value, hint: Hint::SubtractOffset }
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
    /// The numbers of bytes and of elements then fit into a `usize`.
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

/// Reads the header of an array of rows, leaving the file positioned at its data: `[rows,
/// features]`, `[rows]` (one feature), or `[rows]` of records.
pub(crate) fn read_header(path: &Path, file: &mut impl Read) -> Result<MatrixHeader, DataError> {
    let (bytes, start) = header_bytes(path, file)?;
    let invalid = |source| DataError::BadHeader { path: path.to_path_buf(), source };
    let text: String = match bytes.get(6) {
        // Latin-1: every byte is the character of that number.
        Some(1 | 2) => bytes[start..].iter().map(|&byte| char::from(byte)).collect(),
        Some(3) => String::from_utf8(bytes[start..].to_vec()).map_err(|_| invalid(HeaderFault::NotUtf8.into()))?,
        other => return Err(invalid(HeaderFault::Version(other.copied().unwrap_or_default()).into())),
    };
    let actual = deepest(&text);
    if actual > DEPTH_LIMIT {
        return Err(DataError::HeaderTooDeep { path: path.to_path_buf(), limit: DEPTH_LIMIT, actual });
    }
    let literal = parse(&text).map_err(|source| invalid(source.into()))?;
    let Entries { descr, fortran, shape } = Entries::of(literal).map_err(|source| invalid(source.into()))?;
    let dtype = Dtype::parse(&descr).map_err(|error| match error {
        DtypeError::Invalid(source) => invalid(source.into()),
        DtypeError::NoFields => DataError::ZeroFeatures { name: path.display().to_string() },
        DtypeError::Unread { actual, expected } => DataError::WrongDtype { path: path.to_path_buf(), expected, actual },
    })?;
    let (rows, columns, fortran) = match (dtype.names.is_some(), shape.as_slice()) {
        (false, &[rows, columns]) => (rows, columns, fortran),
        // For a single column both orders coincide.
        (false, &[rows]) => (rows, 1, false),
        (true, &[rows]) => (rows, dtype.fields.len(), false),
        (records, other) => {
            let (expected, actual) = (if records { 1 } else { 2 }, other.len());
            return Err(DataError::WrongRank { path: path.to_path_buf(), expected, actual });
        }
    };
    Ok(MatrixHeader { dtype, fortran, rows, columns, data_start: bytes.len() as u64 })
}

/// The three entries of a header.
struct Entries {
    descr: Literal,
    fortran: bool,
    shape: Vec<usize>,
}

impl Entries {
    fn of(header: Literal) -> Result<Self, HeaderFault> {
        let Literal::Dict(entries) = header else { return Err(HeaderFault::NotADict) };
        let (mut descr, mut order, mut shape) = (None, None, None);
        for (index, (key, value)) in entries.into_iter().enumerate() {
            let to = match &key {
                Literal::Text(key) if key == "descr" => &mut descr,
                Literal::Text(key) if key == "fortran_order" => &mut order,
                Literal::Text(key) if key == "shape" => &mut shape,
                _ => return Err(HeaderFault::Unknown(index)),
            };
            if to.replace(value).is_some() {
                return Err(HeaderFault::Unknown(index));
            }
        }
        let fortran = match order.ok_or(HeaderFault::Missing("fortran_order"))? {
            Literal::Bool(fortran) => fortran,
            _ => return Err(HeaderFault::Order),
        };
        let Literal::Tuple(axes) = shape.ok_or(HeaderFault::Missing("shape"))? else { return Err(HeaderFault::Shape) };
        let axis = |axis: &Literal| match axis {
            &Literal::Integer(length) => usize::try_from(length).map_err(|_| HeaderFault::Shape),
            _ => Err(HeaderFault::Shape),
        };
        let shape = axes.iter().map(axis).collect::<Result<_, _>>()?;
        Ok(Self { descr: descr.ok_or(HeaderFault::Missing("descr"))?, fortran, shape })
    }
}

/// Signature, version, length and dictionary as stored in the file, and where the dictionary
/// starts.
fn header_bytes(path: &Path, file: &mut impl Read) -> Result<(Vec<u8>, usize), DataError> {
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
    let start = bytes.len();
    read_more(path, file, &mut bytes, length)?;
    Ok((bytes, start))
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
