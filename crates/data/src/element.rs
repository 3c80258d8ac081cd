//! The element types of a data matrix, and the two places where `f64` meets them.

use num_traits::Float;

use crate::DataError;

/// What a data matrix may hold: `f32` or `f64`.
///
/// Implemented for everything that has the bounds, so a caller's own stronger trait implies it.
pub trait Element: Float + Send + Sync + 'static {}

impl<T: Float + Send + Sync + 'static> Element for T {}

/// Rounds a value that was computed in `f64` to the element type.
pub(crate) fn cast<F: Element>(value: f64) -> F {
    // Every float type converts from f64. One that refused would give NaN, which the row checks
    // name, instead of a wrong number.
    F::from(value).unwrap_or_else(F::nan)
}

/// The value of an element as `f64`; exact for `f32` and `f64`.
pub(crate) fn widen<F: Element>(value: F) -> f64 {
    value.to_f64().unwrap_or(f64::NAN)
}

/// A zeroed buffer for `rows` x `features` elements.
///
/// # Errors
/// [`DataError::TooLarge`] where the product overflows or the memory is refused: a count comes
/// from a user, and a mistyped one must not abort the process.
pub(crate) fn zeroed<F: Element>(rows: usize, features: usize) -> Result<Vec<F>, DataError> {
    let too_large = || DataError::TooLarge { rows, features };
    let length = rows.checked_mul(features).ok_or_else(too_large)?;
    let mut buffer = Vec::new();
    buffer.try_reserve_exact(length).map_err(|_| too_large())?;
    buffer.resize(length, F::zero());
    Ok(buffer)
}

/// Gives a buffer from [`zeroed`] its shape.
pub(crate) fn into_rows<F>(
    buffer: Vec<F>,
    rows: usize,
    features: usize,
) -> Result<ndarray::Array2<F>, DataError> {
    ndarray::Array2::from_shape_vec((rows, features), buffer)
        .map_err(|_| DataError::TooLarge { rows, features })
}
