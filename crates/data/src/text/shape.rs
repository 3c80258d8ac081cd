//! The shape of a number: which decimal point and which separators it can have.

use super::cell::is_missing;
use super::date::unix_seconds;
use super::number_format::separates;

/// What the marks in a number can mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Not a number in any format.
    Other,
    /// Digits only.
    Integer,
    /// Digits and an exponent.
    Power,
    /// A decimal point, `.` or `,`.
    Decimal(char),
    /// One mark before three digits: `1,234` or `1.234`. It separates thousands or is the point.
    Either(char),
    /// Separators of thousands, and the decimal point if there is one.
    Thousands(char, Option<char>),
}

const SEPARATORS: [char; 4] = [',', '.', ' ', '\''];

/// The shape of a cell.
pub(crate) fn shape(text: &str) -> Shape {
    let text = text.trim();
    let (number, exponent) = text.find(['e', 'E']).map_or((text, None), |at| (&text[..at], text.get(at + 1..)));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if exponent.is_some_and(|exponent| !digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))) {
        return Shape::Other;
    }
    let number = number.strip_prefix(['+', '-']).unwrap_or(number);
    if digits(number) {
        return if exponent.is_some() { Shape::Power } else { Shape::Integer };
    }
    if !number.bytes().any(|byte| byte.is_ascii_digit()) {
        return Shape::Other;
    }
    let groups = |text: &str, separator: char| {
        let mut parts = text.split(|c| separates(separator, c));
        let first = parts.next().unwrap_or_default();
        let mut count = 0;
        let whole = (1..=3).contains(&first.len()) && digits(first) && !first.starts_with('0');
        if whole
            && parts.all(|part| {
                (count, part.len() == 3 && digits(part)).1 && {
                    count += 1;
                    true
                }
            })
        {
            count
        } else {
            0
        }
    };
    for separator in SEPARATORS {
        for decimal in ['.', ','] {
            if let (true, Some((whole, fraction))) = (decimal != separator, number.split_once(decimal))
                && groups(whole, separator) > 0
                && (fraction.is_empty() || digits(fraction))
            {
                return Shape::Thousands(separator, Some(decimal));
            }
        }
        match (groups(number, separator), separator) {
            (0, _) => {}
            (1, ',' | '.') if exponent.is_none() => return Shape::Either(separator),
            (1, ',' | '.') => return Shape::Decimal(separator),
            _ => return Shape::Thousands(separator, None),
        }
    }
    for decimal in ['.', ','] {
        if let Some((whole, fraction)) = number.split_once(decimal)
            && (whole.is_empty() || digits(whole))
            && (fraction.is_empty() || digits(fraction))
        {
            return Shape::Decimal(decimal);
        }
    }
    Shape::Other
}

/// Whether a cell is a number in some format, a date or a missing value. It may be quoted.
pub(crate) fn is_number_like(cell: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(cell) else { return false };
    let text = text.trim().trim_matches('"').trim();
    is_missing(text) || shape(text) != Shape::Other || text.parse::<f64>().is_ok() || unix_seconds(text).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_say_what_the_marks_can_mean() {
        for (text, expected) in [
            ("12", Shape::Integer),
            ("-12", Shape::Integer),
            ("-12e3", Shape::Power),
            ("1.5", Shape::Decimal('.')),
            ("-,5", Shape::Decimal(',')),
            ("0,123", Shape::Decimal(',')),
            ("1234,567", Shape::Decimal(',')),
            ("1,234e2", Shape::Decimal(',')),
            ("1,234", Shape::Either(',')),
            ("123.456", Shape::Either('.')),
            ("1,234,567", Shape::Thousands(',', None)),
            ("1,234.5", Shape::Thousands(',', Some('.'))),
            ("1.234,5", Shape::Thousands('.', Some(','))),
            ("1 234", Shape::Thousands(' ', None)),
            ("1'234.5", Shape::Thousands('\'', Some('.'))),
            ("1\u{a0}234,5", Shape::Thousands(' ', Some(','))),
            ("1.2.3", Shape::Other),
            ("", Shape::Other),
            (".", Shape::Other),
            ("1 2", Shape::Other),
            ("e5", Shape::Other),
            ("1e", Shape::Other),
            ("a", Shape::Other),
            ("2024-01-01", Shape::Other),
        ] {
            assert_eq!(shape(text), expected, "{text:?}");
        }
    }
}
