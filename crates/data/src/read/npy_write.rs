//! Arrays into `.npy` files, all or nothing.

use std::io::Write;
use std::path::Path;

use ndarray::{ArrayRef, Dimension};
use ndarray_npy::WritableElement;
use ndarray_npy::npy::header::{Header, Layout};

use crate::DataError;
use crate::atomic::write_atomically;
use crate::element::{Element, widen};

/// Writes an array of any rank as C-order `.npy`: `f32` for a 4-byte element, else
/// `f64`. `&array` and `&array.view()` both fit.
///
/// The bytes go to a temporary file in the same folder, which is flushed to the disk and then
/// renamed: a reader sees the old file or the new one, never half of one.
///
/// # Errors
/// [`DataError::NotFound`] where the folder is missing, else [`DataError::Io`].
pub fn write_npy<F: Element, D: Dimension>(path: &Path, array: &ArrayRef<F, D>) -> Result<(), DataError> {
    write_atomically(path, |writer| write_array(writer, array)).map_err(|source| DataError::io(path, source))
}

fn write_array<F: Element, D: Dimension>(
    writer: &mut impl Write,
    array: &ArrayRef<F, D>,
) -> std::io::Result<()> {
    let single = size_of::<F>() == size_of::<f32>();
    let header = Header {
        type_descriptor: if single { f32::type_descriptor() } else { f64::type_descriptor() },
        layout: Layout::Standard,
        shape: array.shape().to_vec(),
    };
    header.write(&mut *writer).map_err(std::io::Error::other)?;
    // The descriptor is the one of this machine, hence native bytes; ndarray iterates in C order.
    for &value in array {
        if single {
            writer.write_all(&(widen(value) as f32).to_ne_bytes())?;
        } else {
            writer.write_all(&widen(value).to_ne_bytes())?;
        }
    }
    Ok(())
}
