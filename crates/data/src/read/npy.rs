//! Two-dimensional `.npy` files into row matrices.

use std::path::Path;

use ndarray::Array2;

use crate::DataError;
use crate::element::Element;
use crate::stream::{collect_rows, open_npy};

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
/// [`DataError::Truncated`] and [`DataError::Trailing`] where the length does not fit;
/// [`DataError::NeedsAFile`] for Fortran order through a named pipe.
pub fn read_npy<F: Element>(path: &Path) -> Result<Array2<F>, DataError> {
    collect_rows(&mut *open_npy(path)?)
}
