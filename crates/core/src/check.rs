//! Checks of arrays, whose errors carry the numbers.

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::{LayerError, Real, Result};

/// Checks the number of features.
///
/// # Errors
/// [`LayerError::Features`].
pub fn features(what: &'static str, expected: usize, actual: usize) -> Result<()> {
    if expected == actual { Ok(()) } else { Err(LayerError::Features { what, expected, actual }) }
}

/// Checks the shape of a matrix.
///
/// # Errors
/// [`LayerError::Shape`].
pub fn shape(what: &'static str, expected: (usize, usize), actual: (usize, usize)) -> Result<()> {
    if expected == actual {
        Ok(())
    } else {
        Err(LayerError::Shape { what, expected: vec![expected.0, expected.1], actual: vec![actual.0, actual.1] })
    }
}

/// Checks that there is one log-determinant per row.
///
/// # Errors
/// [`LayerError::Shape`].
pub fn log_det(rows: usize, log_det: Option<&[f64]>) -> Result<()> {
    match log_det {
        Some(values) if values.len() != rows => {
            Err(LayerError::Shape { what: "log_det", expected: vec![rows], actual: vec![values.len()] })
        }
        _ => Ok(()),
    }
}

/// Checks that there is one weight for each row, where there are weights.
///
/// # Errors
/// [`LayerError::Shape`].
pub fn weights(rows: usize, weights: Option<&[f64]>) -> Result<()> {
    match weights {
        Some(values) if values.len() != rows => {
            Err(LayerError::Shape { what: "weights of rows", expected: vec![rows], actual: vec![values.len()] })
        }
        _ => Ok(()),
    }
}

/// Checks that all numbers are finite.
///
/// # Errors
/// [`LayerError::NonFinite`] with the position of the first that is not.
pub fn finite<F: Real>(what: &'static str, x: ArrayView2<'_, F>) -> Result<()> {
    let clean = x.as_slice().is_some_and(crate::parallel::all_finite);
    if clean {
        return Ok(());
    }
    for ((row, column), &value) in x.indexed_iter() {
        if !num_traits::Float::is_finite(value) {
            return Err(LayerError::NonFinite { what, row, column, value: value.f64() });
        }
    }
    Ok(())
}

/// The elements of a row-major matrix.
///
/// # Errors
/// [`LayerError::Layout`] if they are not contiguous.
pub fn slice<'a, F>(what: &'static str, x: &'a ArrayView2<'_, F>) -> Result<&'a [F]> {
    x.as_slice().ok_or_else(|| LayerError::Layout { what, strides: x.strides().to_vec() })
}

/// The elements of a row-major matrix, for writing.
///
/// # Errors
/// [`LayerError::Layout`] if they are not contiguous.
pub fn slice_mut<'a, F>(what: &'static str, x: &'a mut ArrayViewMut2<'_, F>) -> Result<&'a mut [F]> {
    if !x.is_standard_layout() {
        return Err(LayerError::Layout { what, strides: x.strides().to_vec() });
    }
    x.as_slice_mut().ok_or(LayerError::Layout { what, strides: vec![] })
}

/// Checks a sampling temperature.
///
/// # Errors
/// [`LayerError::Range`] if it is negative or not finite.
pub fn temperature(value: f64) -> Result<()> {
    if value.is_finite() && value >= 0.0 {
        return Ok(());
    }
    Err(LayerError::Range { what: "temperature", value, range: "finite and at least 0" })
}
