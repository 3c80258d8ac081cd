//! Reads an array of an `.npz` archive into a matrix.

use std::path::Path;

use ndarray::Array2;

use crate::element::Element;
use crate::error::DataError;
use crate::stream::{collect_rows, open_npz, without_member};

/// Reads a stored or deflated array of an `.npz` archive, as [`read_npy`](crate::read_npy) does:
/// the only array of `FILE.npz`, or the one selected with `FILE.npz#NAME`.
///
/// Before any allocation, the array's size is checked against the size stated in the archive and
/// the length of the file. Decompression stops at that size, and the checksum must match. Nothing
/// is unpacked to disk.
///
/// # Errors
/// Those of [`read_npy`](crate::read_npy); [`DataError::BadArchive`] if the file is not an archive,
/// [`DataError::NoArrays`], [`DataError::ManyArrays`] without a name, [`DataError::UnknownArray`],
/// [`DataError::UnreadEntry`] for encryption and other compression methods; [`DataError::Io`] for
/// damaged data, [`DataError::Truncated`] and [`DataError::Trailing`] for inconsistent sizes.
pub fn read_npz<F: Element>(path: &Path) -> Result<Array2<F>, DataError> {
    let (file, member) = without_member(path);
    collect_rows(&mut *open_npz(file, member)?)
}
