//! Finds text that can be read as one column with decimal commas, or as two columns.

use super::shape::{Shape, shape};

/// Rows beyond which a column of numbers of the same length would have shown a leading zero, were
/// they decimals.
const ROWS: usize = 44;

/// Digits from which decimals of the same length are likelier than integers of the same length.
const DIGITS: usize = 3;

/// The two ways to read a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readings {
    /// Two columns.
    One,
    /// Two columns, and possibly decimals.
    Doubtful,
    /// Either.
    Two,
}

/// How the records of a text with commas between its cells can be read.
///
/// Decimals are possible if all records are pairs of integers without a header, the second one
/// unsigned, or if the header names one column and all rows have two cells. They are as likely as
/// columns if a second cell has a leading zero (`10,028`), or if all of them have as many digits.
pub(crate) fn decimal_commas(records: &[Vec<String>]) -> Readings {
    let pair = |record: &Vec<String>| match record.as_slice() {
        [whole, fraction] => shape(whole) == Shape::Integer && fraction.bytes().all(|byte| byte.is_ascii_digit()),
        _ => false,
    };
    let Some((first, below)) = records.split_first() else { return Readings::One };
    let title = first.len() == 1;
    if !(title || pair(first)) || !below.iter().all(pair) || (title && below.is_empty()) {
        return Readings::One;
    }
    if title {
        return Readings::Two;
    }
    let fractions = || records.iter().filter_map(|record| record.get(1));
    let length = fractions().next().map_or(0, String::len);
    let same = length >= DIGITS && (2..ROWS).contains(&records.len()) && fractions().all(|text| text.len() == length);
    if same || fractions().any(|text| text.len() > 1 && text.starts_with('0')) {
        return Readings::Two;
    }
    Readings::Doubtful
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_of_integers_can_be_decimals() {
        for (text, expected) in [
            ("10,356 9,851 6,027", Readings::Two),
            ("10,356 9,851", Readings::Two),
            ("1,05 2,5", Readings::Two),
            ("x 1,5 2,5", Readings::Two),
            ("1,2 3,4", Readings::Doubtful),
            ("1,10 2,20 3,30", Readings::Doubtful),
            ("a,b 1,05", Readings::One),
            ("1,-2 3,04", Readings::One),
            ("1.5,2 3,04", Readings::One),
            ("1,2,3 3,4,05", Readings::One),
            ("x 1 2", Readings::One),
            ("x", Readings::One),
            ("", Readings::One),
        ] {
            let records: Vec<Vec<String>> =
                text.split_whitespace().map(|line| line.split(',').map(str::to_owned).collect()).collect();
            assert_eq!(decimal_commas(&records), expected, "{text:?}");
        }
    }
}
