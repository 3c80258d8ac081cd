//! Reads an `.npy` file into a matrix.

use std::path::Path;

use ndarray::Array2;

use crate::element::Element;
use crate::error::DataError;
use crate::stream::{collect_rows, open_npy};

/// Reads numbers of rank 2 in C or Fortran order, of rank 1 (one feature), or records of rank 1 (a
/// structured type: a feature for each field) as `[rows, features]` of `F`.
///
/// Numbers are bool (0 and 1), integers of 8 to 64 bits or floats of 16 to 64 bits, in either byte
/// order. Numbers wider than `F` are rounded; integers that no `f64` holds exactly are refused.
///
/// The size in the header is checked against the length of the file before any allocation. Values
/// are not checked; see [`check_rows`](crate::check_rows).
///
/// Format: NumPy Enhancement Proposal 1, versions 1.0 to 3.0.
///
/// # Errors
/// [`DataError::NotFound`], [`DataError::Io`]; [`DataError::BadMagic`], [`DataError::BadHeader`],
/// [`DataError::HeaderTooLong`], [`DataError::HeaderTooDeep`] for a file that is not `.npy`;
/// [`DataError::WrongDtype`] and [`DataError::WrongRank`] for an unsupported array;
/// [`DataError::InexactInteger`];
/// [`DataError::TooFewRows`] and [`DataError::ZeroFeatures`] for an empty one;
/// [`DataError::Truncated`] and [`DataError::Trailing`] if the length does not match;
/// [`DataError::NeedsAFile`] for Fortran order through a named pipe.
pub fn read_npy<F: Element>(path: &Path) -> Result<Array2<F>, DataError> {
    collect_rows(&mut *open_npy(path)?)
}
