//! Parses one cell of a text file.

use crate::element::{Element, cast};

/// The content of a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cell<F> {
    Number(F),
    /// Empty, or one of the usual tokens: see [`is_missing`].
    Missing,
    /// An infinity, or a number beyond the range of `F`.
    Infinite,
    Text,
}

/// What programs write for a missing value, in lower case: spreadsheets, R, pandas, SQL, Weka, SAS
/// and the C library of Windows.
const MISSING: [&str; 19] = [
    "", "na", "n/a", "nan", "null", "none", "nil", "missing", "?", "-", "--", ".", "#n/a", "#na", "<na>", "\\n",
    "1.#ind", "-1.#ind", "1.#qnan",
];

/// The longest of [`MISSING`].
const LONGEST: usize = 7;

/// Whether a cell without surrounding blanks stands for a missing value.
pub(crate) fn is_missing(text: &str) -> bool {
    text.len() <= LONGEST && MISSING.iter().any(|missing| text.eq_ignore_ascii_case(missing))
}

/// Parses a cell, ignoring surrounding blanks.
pub(crate) fn cell<F: Element>(text: &str) -> Cell<F> {
    let text = text.trim();
    // Rounded once: through f64, a decimal near the midpoint of two f32 values would be rounded
    // twice.
    let value =
        if size_of::<F>() == size_of::<f32>() { text.parse::<f32>().map(f64::from) } else { text.parse::<f64>() };
    match value {
        Err(_) if is_missing(text) => Cell::Missing,
        Err(_) => Cell::Text,
        Ok(value) if value.is_nan() => Cell::Missing,
        Ok(value) if value.is_infinite() => Cell::Infinite,
        Ok(value) => Cell::Number(cast(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_missing_values_infinities_and_words_are_distinguished() {
        for text in ["1", "+1.0", " 1e0\t", "1.", "0.1e1"] {
            assert_eq!(cell::<f64>(text), Cell::Number(1.0), "{text}");
        }
        for text in ["", "  ", "NA", "na", "NaN", "-nan", "NULL", "?", "N/A", "#N/A", "None", "-", "1.#QNAN", "\\N"] {
            assert_eq!(cell::<f64>(text), Cell::Missing, "{text}");
        }
        for text in ["inf", "-Infinity", "1e999"] {
            assert_eq!(cell::<f64>(text), Cell::Infinite, "{text}");
        }
        for text in ["a", "1,5", "0x10", "1 2", "1_000", "--1", "??", "missing value"] {
            assert_eq!(cell::<f64>(text), Cell::Text, "{text}");
        }
        assert_eq!(cell::<f64>("1e39"), Cell::Number(1e39));
        assert_eq!(cell::<f32>("1e39"), Cell::Infinite);
        assert!(MISSING.iter().all(|token| token.len() <= LONGEST && *token == token.to_ascii_lowercase()));
    }

    #[test]
    fn single_precision_is_rounded_once() {
        // Just above the midpoint of 1 and the next f32. In f64 it equals the midpoint, which
        // rounds to even.
        let text = "1.00000005960464477539063";
        assert_eq!(cell::<f32>(text), Cell::Number(1.0 + f32::EPSILON));
    }
}
