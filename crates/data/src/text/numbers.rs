//! Detects how the numbers of a text file are written.

use std::path::Path;

use super::delimiter::BLANKS;
use super::number_format::NumberFormat;
use super::options::TextOptions;
use super::shape::{Shape, shape};
use crate::error::{DataError, excerpt};

/// How often each meaning of a mark occurs.
#[derive(Default)]
struct Evidence {
    decimal_points: usize,
    decimal_commas: usize,
    /// The first number in which a comma separates thousands or is the decimal point.
    either_comma: Option<String>,
    /// What certainly separates thousands.
    thousands: Option<char>,
}

/// The format of the numbers among `cells`.
///
/// # Errors
/// [`DataError::AmbiguousComma`] if a comma can separate thousands or be the decimal point, and no
/// number tells; [`DataError::BadNumberFormat`] for an impossible choice.
pub(crate) fn detect_numbers<'a>(
    path: &Path,
    cells: impl Iterator<Item = &'a str>,
    delimiter: u8,
    options: &TextOptions,
) -> Result<NumberFormat, DataError> {
    let mut evidence = Evidence::default();
    for cell in cells {
        let shape = shape(cell);
        match shape {
            Shape::Decimal(mark) | Shape::Thousands(_, Some(mark)) if mark == ',' => evidence.decimal_commas += 1,
            Shape::Decimal(_) | Shape::Thousands(_, Some(_)) => evidence.decimal_points += 1,
            Shape::Either(',') if evidence.either_comma.is_none() => evidence.either_comma = Some(excerpt(cell.trim())),
            _ => {}
        }
        if let Shape::Thousands(mark, _) = shape
            && !(mark == ' ' && delimiter == BLANKS)
        {
            evidence.thousands.get_or_insert(mark);
        }
    }
    let format = NumberFormat {
        decimal: match options.decimal {
            Some(decimal) => decimal,
            None if options.thousands == Some(',') => '.',
            None if options.thousands == Some('.') => ',',
            None => decimal_point(path, &evidence)?,
        },
        thousands: options.thousands,
    };
    let allowed = |mark| matches!(mark, ',' | '.' | '\'' | '_' | ' ');
    if !matches!(format.decimal, '.' | ',')
        || format.thousands.is_some_and(|mark| !allowed(mark) || mark == format.decimal)
    {
        let (decimal, thousands) = (format.decimal, format.thousands);
        return Err(DataError::BadNumberFormat { path: path.to_path_buf(), decimal, thousands });
    }
    let certain = evidence.thousands.or_else(|| evidence.either_comma.is_some().then_some(','));
    Ok(NumberFormat { thousands: format.thousands.or(certain.filter(|&mark| mark != format.decimal)), ..format })
}

fn decimal_point(path: &Path, evidence: &Evidence) -> Result<char, DataError> {
    let Evidence { decimal_points, decimal_commas, either_comma, thousands } = evidence;
    match (decimal_points, decimal_commas, thousands, either_comma) {
        // Where both occur, a column of text holds one of them, or a message will say which.
        (1.., _, _, _) | (0, 0, Some(','), _) | (0, 0, _, None) => {
            Ok(if *thousands == Some('.') && *decimal_points == 0 { ',' } else { '.' })
        }
        (0, 1.., _, _) => Ok(','),
        (0, 0, Some('.'), Some(_)) => Ok(','),
        (0, 0, _, Some(text)) => Err(DataError::AmbiguousComma { path: path.to_path_buf(), text: text.clone() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detect(cells: &[&str], options: &TextOptions) -> Result<(char, Option<char>), DataError> {
        let format = detect_numbers(Path::new("t"), cells.iter().copied(), b';', options)?;
        Ok((format.decimal, format.thousands))
    }

    #[test]
    fn the_format_follows_from_the_numbers_that_allow_only_one() -> Result<(), DataError> {
        for (cells, expected) in [
            (&["1", "2"][..], ('.', None)),
            (&["1.5", "2"], ('.', None)),
            (&["1,5", "2"], (',', None)),
            (&["1.234", "2.345"], ('.', None)),
            (&["1,234", "0,5"], (',', None)),
            (&["1,234", "0.5"], ('.', Some(','))),
            (&["1,234", "1,234,567"], ('.', Some(','))),
            (&["1.234,5", "1.234"], (',', Some('.'))),
            (&["1.234.567", "2"], (',', Some('.'))),
            (&["1.234.567", "2,345"], (',', Some('.'))),
            (&["1 234", "2,5"], (',', Some(' '))),
            (&["1'234.5", "2"], ('.', Some('\''))),
            (&["1,5", "2.5"], ('.', None)),
            (&["x,y", "2.5"], ('.', None)),
        ] {
            assert_eq!(detect(cells, &TextOptions::default())?, expected, "{cells:?}");
        }
        Ok(())
    }

    #[test]
    fn a_comma_that_means_either_is_refused_until_a_flag_says_which() -> Result<(), DataError> {
        let cells = &["1,234", "5"];
        let error = detect(cells, &TextOptions::default()).err();
        assert!(matches!(&error, Some(DataError::AmbiguousComma { text, .. }) if text == "1,234"), "{error:?}");
        let decimal = TextOptions { decimal: Some(','), ..TextOptions::default() };
        assert_eq!(detect(cells, &decimal)?, (',', None));
        let thousands = TextOptions { thousands: Some(','), ..TextOptions::default() };
        assert_eq!(detect(cells, &thousands)?, ('.', Some(',')));
        for (decimal, thousands) in [(Some('x'), None), (Some(','), Some(',')), (None, Some('x'))] {
            let options = TextOptions { decimal, thousands, ..TextOptions::default() };
            assert!(matches!(detect(&["1"], &options), Err(DataError::BadNumberFormat { .. })));
        }
        Ok(())
    }
}
