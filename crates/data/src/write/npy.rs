//! Writes `.npy` files atomically.

use std::io::Write;
use std::path::Path;

use ndarray::{ArrayRef, Dimension};
use ndarray_npy::WritableElement;
use ndarray_npy::npy::header::{Header, Layout};

use super::atomic::write_atomically;
use crate::element::{Element, widen};
use crate::error::DataError;

/// Writes an array of any rank as C-order `.npy`: `f32` for a 4-byte element, otherwise `f64`.
/// Accepts both `&array` and `&array.view()`.
///
/// The data go to a temporary file in the same folder, which is flushed to disk and renamed.
/// Readers see either the old file or the complete new one.
///
/// # Errors
/// [`DataError::NotFound`] if the folder is missing, otherwise [`DataError::Io`].
pub fn write_npy<F: Element, D: Dimension>(path: &Path, array: &ArrayRef<F, D>) -> Result<(), DataError> {
    write_atomically(path, |writer| write_array(writer, array)).map_err(|source| DataError::io(path, source))
}

fn write_array<F: Element, D: Dimension>(writer: &mut impl Write, array: &ArrayRef<F, D>) -> std::io::Result<()> {
    let single = size_of::<F>() == size_of::<f32>();
    let header = Header {
        type_descriptor: if single { f32::type_descriptor() } else { f64::type_descriptor() },
        layout: Layout::Standard,
        shape: array.shape().to_vec(),
    };
    header.write(&mut *writer).map_err(std::io::Error::other)?;
    // The descriptor states this machine's byte order, hence native bytes. ndarray iterates in C
    // order.
    for &value in array {
        if single {
            writer.write_all(&(widen(value) as f32).to_ne_bytes())?;
        } else {
            writer.write_all(&widen(value).to_ne_bytes())?;
        }
    }
    Ok(())
}
