//! Two-dimensional `.npy` files into row matrices.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use ndarray::{Array2, ShapeBuilder};

use super::npy_header::{Dtype, MatrixHeader, read_header};
use crate::DataError;
use crate::element::{Element, cast};

/// Bytes converted at a time; a multiple of both element sizes.
const BLOCK: usize = 1 << 20;

/// Reads a two-dimensional little-endian `f32` or `f64` array, C or Fortran order, as
/// `[rows, features]` of `F` (rounded where the file is wider).
///
/// The size that the header promises is held against the length of the file before anything is
/// allocated for it. Values are not checked: see [`check_rows`](crate::check_rows).
///
/// Format: NumPy enhancement proposal 1, versions 1.0 to 3.0.
///
/// # Errors
/// [`DataError::NotFound`], [`DataError::Io`]; [`DataError::BadMagic`], [`DataError::BadHeader`],
/// [`DataError::HeaderTooLong`], [`DataError::HeaderTooDeep`] for a file that is not `.npy`;
/// [`DataError::WrongDtype`] and [`DataError::WrongRank`] for an array of another kind;
/// [`DataError::TooFewRows`] and [`DataError::ZeroFeatures`] for an empty one;
/// [`DataError::Truncated`] and [`DataError::Trailing`] where the length does not fit.
pub fn read_npy<F: Element>(path: &Path) -> Result<Array2<F>, DataError> {
    let mut file = File::open(path).map_err(|source| DataError::io(path, source))?;
    let header = read_header(path, &mut file)?;
    let count = checked_count(path, &file, &header)?;
    let values = read_values(path, file, header.dtype, count)?;
    let (rows, features) = (header.rows, header.columns);
    Array2::from_shape_vec((rows, features).set_f(header.fortran), values)
        .map_err(|_| DataError::TooLarge { rows, features })
        // Everything downstream walks along rows.
        .map(|array| array.as_standard_layout().into_owned())
}

/// The number of elements, once the file is known to hold exactly as many.
fn checked_count(path: &Path, file: &File, header: &MatrixHeader) -> Result<usize, DataError> {
    let name = || path.display().to_string();
    if header.columns == 0 {
        return Err(DataError::ZeroFeatures { name: name() });
    }
    if header.rows == 0 {
        return Err(DataError::TooFewRows { name: name(), expected: 1, actual: 0 });
    }
    let length = file.metadata().map_err(|source| DataError::io(path, source))?.len();
    let expected = (header.rows as u128)
        .saturating_mul(header.columns as u128)
        .saturating_mul(header.dtype.size() as u128);
    let actual = u128::from(length.saturating_sub(header.data_start));
    if actual < expected {
        return Err(DataError::Truncated { path: path.to_path_buf(), expected, actual });
    }
    if actual > expected {
        return Err(DataError::Trailing { path: path.to_path_buf(), expected });
    }
    // The file holds as many elements, so the product fits.
    Ok(header.rows * header.columns)
}

fn read_values<F: Element>(path: &Path, file: File, dtype: Dtype, count: usize) -> Result<Vec<F>, DataError> {
    let mut values = Vec::new();
    values.try_reserve_exact(count).map_err(|_| DataError::TooLarge { rows: count, features: 1 })?;
    let mut block = Vec::with_capacity(BLOCK);
    let mut rest = count * dtype.size();
    let mut file = file;
    while rest > 0 {
        block.clear();
        let wanted = rest.min(BLOCK);
        let got = (&mut file)
            .take(wanted as u64)
            .read_to_end(&mut block)
            .map_err(|source| DataError::io(path, source))?;
        if got < wanted {
            // Only if somebody shortened the file meanwhile.
            return Err(DataError::Truncated {
                path: path.to_path_buf(),
                expected: (count * dtype.size()) as u128,
                actual: (count * dtype.size() - rest + got) as u128,
            });
        }
        decode(&block, dtype, &mut values);
        rest -= got;
    }
    Ok(values)
}

fn decode<F: Element>(block: &[u8], dtype: Dtype, values: &mut Vec<F>) {
    match dtype {
        Dtype::F32 => {
            let (words, _) = block.as_chunks::<4>();
            values.extend(words.iter().map(|&word| cast::<F>(f64::from(f32::from_le_bytes(word)))));
        }
        Dtype::F64 => {
            let (words, _) = block.as_chunks::<8>();
            values.extend(words.iter().map(|&word| cast::<F>(f64::from_le_bytes(word))));
        }
    }
}
