//! How numbers are written: the decimal point and what separates thousands.

use std::fmt::Write;

use super::cell::{Cell, cell};
use crate::element::Element;

/// How numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NumberFormat {
    /// `.` or `,`.
    pub(crate) decimal: char,
    /// Between groups of three digits. A blank stands for every kind of blank.
    pub(crate) thousands: Option<char>,
}

impl NumberFormat {
    pub(crate) const PLAIN: Self = Self { decimal: '.', thousands: None };

    /// Parses a cell; `buffer` keeps its allocation from call to call.
    pub(crate) fn cell<F: Element>(self, text: &str, buffer: &mut String) -> Cell<F> {
        if self == Self::PLAIN || !text.bytes().any(|byte| byte.is_ascii_digit()) {
            return cell(text);
        }
        if self.to_plain(text.trim(), buffer) {
            return cell(buffer);
        }
        match cell::<F>(text) {
            // Infinities and missing values of another form; a plain number has the wrong point.
            Cell::Number(_) => Cell::Text,
            other => other,
        }
    }

    /// Writes the number with a decimal point and without separators; `false` if the text is not a
    /// number of this format.
    fn to_plain(self, text: &str, plain: &mut String) -> bool {
        plain.clear();
        let (number, exponent) = text.find(['e', 'E']).map_or((text, ""), |at| text.split_at(at));
        let (whole, fraction) = number.split_once(self.decimal).unwrap_or((number, ""));
        if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
            return false;
        }
        let unsigned = whole.strip_prefix(['+', '-']).unwrap_or(whole);
        if whole.starts_with('-') {
            plain.push('-');
        }
        let mut groups = unsigned.split(|c| self.thousands.is_some_and(|separator| separates(separator, c)));
        let first = groups.next().unwrap_or_default();
        let mut grouped = false;
        let all_digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
        if !all_digits(first) {
            return false;
        }
        plain.push_str(first);
        for group in groups {
            if group.len() != 3 || !all_digits(group) {
                return false;
            }
            grouped = true;
            plain.push_str(group);
        }
        // The digits before the first separator are one to three.
        (!grouped || (1..=3).contains(&first.len())) && write!(plain, ".{fraction}{exponent}").is_ok()
    }
}

/// Whether `c` is the separator, or one of its typographic forms.
pub(crate) fn separates(separator: char, c: char) -> bool {
    match separator {
        ' ' => matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}'),
        '\'' => matches!(c, '\'' | '\u{2019}'),
        other => c == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(decimal: char, thousands: Option<char>, text: &str) -> Cell<f64> {
        NumberFormat { decimal, thousands }.cell(text, &mut String::new())
    }

    #[test]
    fn numbers_of_another_format_are_not_numbers() {
        for (decimal, thousands, text, expected) in [
            (',', None, "1,5", 1.5),
            (',', None, "-0,25e-3", -0.25e-3),
            (',', None, "+7", 7.0),
            (',', None, ",5", 0.5),
            (',', Some('.'), "1.234.567,5", 1_234_567.5),
            ('.', Some(','), "-1,234.5", -1234.5),
            ('.', Some(','), "12345.5", 12345.5),
            ('.', Some(' '), "1\u{a0}234\u{202f}567", 1_234_567.0),
            ('.', Some('\''), "1’234.5", 1234.5),
        ] {
            assert_eq!(parse(decimal, thousands, text), Cell::Number(expected), "{text}");
        }
        for (decimal, thousands, text) in [
            (',', None, "1.5"),
            (',', None, "1,5,5"),
            (',', None, "1.234,5"),
            (',', Some('.'), "1.5"),
            (',', Some('.'), "1.2345"),
            ('.', Some(','), "1234,567"),
            ('.', Some(','), ",567"),
            ('.', Some(','), "1,,567"),
            ('.', Some(','), "1,567,"),
            (',', None, "1,5x"),
            (',', None, "1,-5"),
        ] {
            assert_eq!(parse(decimal, thousands, text), Cell::Text, "{text}");
        }
        assert_eq!(parse(',', None, "NA"), Cell::Missing);
        assert_eq!(parse(',', None, "1.#QNAN"), Cell::Missing);
        assert_eq!(parse(',', None, "1e999"), Cell::Infinite);
    }
}
