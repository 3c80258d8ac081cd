//! The rounding of the numbers of a column.

/// Decimal digits after the point that are tried.
const DIGITS: i32 = 9;

/// Largest error of the numbers relative to their size if all are exact in single precision, and
/// otherwise.
const SINGLE: f64 = 0.5 * f32::EPSILON as f64;
const DOUBLE: f64 = 0.5 * f64::EPSILON;

/// Rounding of the floating-point numbers `values`, in their units: half a unit in the last place
/// of the largest one, in the precision that holds them all.
pub(super) fn of_storage(values: impl Iterator<Item = f64>) -> f64 {
    let (mut largest, mut single) = (0.0f64, true);
    for value in values {
        largest = largest.max(value.abs());
        single &= f64::from(value as f32) == value;
    }
    largest * if single { SINGLE } else { DOUBLE }
}

/// The unit of the last decimal if all `values` have at most nine digits after the point, up to
/// `storage`: 0.001 for numbers such as 0.125.
pub(super) fn of_decimals(values: &[f64], storage: f64) -> Option<f64> {
    let mut digits = 0;
    for &value in values {
        while !has_digits(value, digits, storage) {
            digits += 1;
            if digits > DIGITS {
                return None;
            }
        }
    }
    // Digits below the rounding of storage say nothing.
    let unit = 10f64.powi(-digits);
    (unit > 64.0 * storage).then_some(unit)
}

fn has_digits(value: f64, digits: i32, storage: f64) -> bool {
    let scale = 10f64.powi(digits);
    let scaled = value * scale;
    (scaled - scaled.round()).abs() <= 2.0 * storage * scale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn storage_and_decimals() {
        assert_eq!(of_storage([0.5, -4.0].into_iter()), 4.0 * SINGLE);
        assert_eq!(of_storage([0.1, 4.0].into_iter()), 4.0 * DOUBLE);
        assert_eq!(of_decimals(&[1.25, -3.5, 2.0], 1e-15), Some(0.01));
        assert_eq!(of_decimals(&[3.0, 1e6], 1e-9), Some(1.0));
        assert_eq!(of_decimals(&[2f64.sqrt()], 1e-16), None);
        // Nine digits are noise in single precision.
        assert_eq!(of_decimals(&[f64::from(0.123_456_79_f32)], 6e-8), None);
    }
}
