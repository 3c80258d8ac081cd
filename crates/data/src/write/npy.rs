//! Writes `.npy` files atomically.

use std::io::Write;
use std::path::Path;

use ndarray::{ArrayRef, Dimension};

use super::atomic::write_atomically;
use super::npy_head::npy_head;
use crate::element::{Element, widen};
use crate::error::DataError;

/// Writes an array of any rank as C-order, little-endian `.npy`: `f32` for a 4-byte element, otherwise `f64`.
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
    let shape: Vec<u64> = array.shape().iter().map(|&length| length as u64).collect();
    writer.write_all(&npy_head(if is_single::<F>() { 4 } else { 8 }, &shape))?;
    // ndarray iterates in C order.
    for &value in array {
        if is_single::<F>() {
            writer.write_all(&(widen(value) as f32).to_le_bytes())?;
        } else {
            writer.write_all(&widen(value).to_le_bytes())?;
        }
    }
    Ok(())
}

/// Whether the elements are `f32`.
pub(crate) fn is_single<F>() -> bool {
    size_of::<F>() == size_of::<f32>()
}
