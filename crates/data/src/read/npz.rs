//! Arrays of `.npz` archives into row matrices.

use std::path::Path;

use ndarray::Array2;

use crate::DataError;
use crate::element::Element;
use crate::stream::{collect_rows, open_npz, without_member};

/// Reads an array of an `.npz` archive, as [`read_npy`](crate::read_npy) does: the only one of `FILE.npz`, or the one that
/// `FILE.npz#NAME` asks for, stored or deflated.
///
/// The size of the array, the size that the archive states and the length of the file are held against each other before anything is
/// allocated; no more is decompressed than they allow; the checksum must be right. Nothing is unpacked to the disk.
///
/// # Errors
/// Those of [`read_npy`](crate::read_npy); [`DataError::BadArchive`] for what is no archive, [`DataError::NoArrays`],
/// [`DataError::ManyArrays`] without a name, [`DataError::UnknownArray`], [`DataError::UnreadEntry`] for encryption and other methods of
/// compression; [`DataError::Io`] for damaged data, [`DataError::Truncated`] and [`DataError::Trailing`] for sizes that do not fit.
pub fn read_npz<F: Element>(path: &Path) -> Result<Array2<F>, DataError> {
    let (file, member) = without_member(path);
    collect_rows(&mut *open_npz(file, member)?)
}
