//! Element types of a data matrix, and their conversions to and from `f64`.

use num_traits::Float;

use crate::error::DataError;

/// An element of a data matrix: `f32` or `f64`.
///
/// Implemented for every type with these bounds, so a caller's stronger trait implies it.
pub trait Element: Float + Send + Sync + 'static {}

impl<T: Float + Send + Sync + 'static> Element for T {}

/// Rounds an `f64` to the element type.
pub(crate) fn cast<F: Element>(value: f64) -> F {
    // Every float type converts from f64. If one did not, NaN would be caught by the row checks.
    F::from(value).unwrap_or_else(F::nan)
}

/// Widens an element to `f64`; exact for `f32` and `f64`.
pub(crate) fn widen<F: Element>(value: F) -> f64 {
    value.to_f64().unwrap_or(f64::NAN)
}

/// A zeroed buffer for `rows` x `features` elements.
///
/// # Errors
/// [`DataError::TooLarge`] if the product overflows or the allocation fails. Counts come from
/// users; a typo must not abort the process.
pub(crate) fn zeroed<F: Element>(rows: usize, features: usize) -> Result<Vec<F>, DataError> {
    let too_large = || DataError::TooLarge { rows, features };
    let length = rows.checked_mul(features).ok_or_else(too_large)?;
    let mut buffer = Vec::new();
    buffer.try_reserve_exact(length).map_err(|_| too_large())?;
    buffer.resize(length, F::zero());
    Ok(buffer)
}

/// Shapes a buffer from [`zeroed`] into a matrix.
pub(crate) fn into_rows<F>(buffer: Vec<F>, rows: usize, features: usize) -> Result<ndarray::Array2<F>, DataError> {
    ndarray::Array2::from_shape_vec((rows, features), buffer).map_err(|_| DataError::TooLarge { rows, features })
}
