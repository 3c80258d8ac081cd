//! Decides whether the first record of a text file names the columns.

use super::cell::{Cell, is_missing};
use super::date::unix_seconds;
use super::number_format::NumberFormat;
use super::shape::{Shape, shape};

/// Names that a column of labels has and a class has not.
const LABEL_NAMES: [&str; 10] =
    ["label", "labels", "class", "classes", "category", "group", "species", "target", "condition", "name"];

/// Whether the first record names the columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    Yes,
    No,
    /// Both are possible.
    Unclear,
}

/// What a cell is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Word,
    Integer,
    Number,
    Date,
    Missing,
}

/// What a cell is, for numbers of a format.
pub(crate) fn kind(text: &str, numbers: NumberFormat, buffer: &mut String) -> Kind {
    match numbers.cell::<f64>(text, buffer) {
        Cell::Missing => Kind::Missing,
        Cell::Text if unix_seconds(text).is_some() => Kind::Date,
        // A number of another format is refused as a row; as a name it would be lost.
        Cell::Text if shape(text) != Shape::Other => Kind::Number,
        Cell::Text => Kind::Word,
        _ if shape(text) == Shape::Integer => Kind::Integer,
        _ => Kind::Number,
    }
}

/// Whether `first` names the columns of the records `below` it, without the column `id` of row
/// names.
///
/// It does if one of its words stands above numbers, or if it holds words only. It is unclear for
/// distinct integers above two or more columns with fractions, for integers that count above others
/// that do not, for a date above numbers, and for words above words beside numbers above numbers.
pub(crate) fn names_columns(
    first: &[String],
    below: &[Vec<String>],
    id: Option<usize>,
    numbers: NumberFormat,
) -> Names {
    let mut buffer = String::new();
    let mut kind = |text: &str| kind(text, numbers, &mut buffer);
    let cells: Vec<(usize, Kind)> =
        first.iter().enumerate().filter(|(c, _)| Some(*c) != id).map(|(c, text)| (c, kind(text))).collect();
    let mut any_below = |column: usize, test: &dyn Fn(Kind) -> bool| {
        below.iter().filter_map(|row| row.get(column)).any(|t| test(kind(t)))
    };
    let number = |kind| matches!(kind, Kind::Integer | Kind::Number);
    let words = cells.iter().filter(|(_, kind)| *kind == Kind::Word);
    let has = |test: &dyn Fn(Kind) -> bool| cells.iter().any(|&(_, kind)| test(kind));
    if has(&|kind| kind == Kind::Word) {
        if below.is_empty() || words.clone().any(|&(column, _)| any_below(column, &|kind| kind != Kind::Word)) {
            return Names::Yes;
        }
        if has(&|kind| number(kind) || kind == Kind::Date) {
            return Names::Unclear;
        }
        return if first.len() == 1 { names_labels(&first[0], below) } else { Names::Yes };
    }
    if cells.iter().any(|&(column, kind)| {
        kind == Kind::Date && any_below(column, &number) && !any_below(column, &|kind| kind == Kind::Date)
    }) {
        return Names::Unclear;
    }
    let counts = |start: usize, cells: &[(usize, Kind)]| {
        cells.iter().enumerate().all(|(k, &(column, _))| first[column].trim() == (start + k).to_string())
    };
    // `,0,1,2` above an index: the names that pandas gives to columns without names.
    if let Some((&(0, Kind::Missing), rest)) = cells.split_first()
        && first[0].trim().is_empty()
        && !rest.is_empty()
        && counts(0, rest)
        && !below.is_empty()
    {
        return Names::Yes;
    }
    let unsigned = cells.iter().all(|&(column, _)| first[column].trim().bytes().all(|byte| byte.is_ascii_digit()));
    if cells.len() < 2 || below.len() < 2 || !unsigned || !cells.iter().all(|&(_, kind)| kind == Kind::Integer) {
        return Names::No;
    }
    let distinct = || {
        let mut texts: Vec<&str> = cells.iter().map(|&(column, _)| first[column].trim()).collect();
        texts.sort_unstable();
        texts.windows(2).all(|pair| pair[0] != pair[1])
    };
    // Years, or the numbers that a program gives to columns without names; unless every row counts.
    let consecutive = |row: &[String]| {
        let mut values = row.iter().map(|text| text.trim().parse::<u64>().ok());
        let start = values.next().flatten();
        start.is_some_and(|start| values.zip(start + 1..).all(|(value, expected)| value == Some(expected)))
    };
    let counting = cells.len() > 2 && consecutive(first) && !below.iter().all(|row| consecutive(row));
    let fractions = cells.iter().filter(|&&(column, _)| any_below(column, &|kind| kind == Kind::Number)).count();
    if counting || distinct() && fractions > 1 {
        return Names::Unclear;
    }
    Names::No
}

/// Whether the first of a column of words is its name: if it is a usual name, or the only one that
/// does not repeat.
fn names_labels(first: &str, below: &[Vec<String>]) -> Names {
    let labels = || below.iter().filter_map(|row| row.first()).map(|label| label.trim());
    let first = first.trim();
    if labels().any(|label| label == first) {
        return Names::No;
    }
    if below.len() < 2 || is_missing(first) || LABEL_NAMES.contains(&first.to_lowercase().as_str()) {
        return Names::Yes;
    }
    let mut counts = std::collections::HashMap::new();
    labels().for_each(|label| *counts.entry(label).or_insert(0_usize) += 1);
    if counts.values().all(|&count| count > 1) { Names::Yes } else { Names::Unclear }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(text: &str) -> Vec<Vec<String>> {
        text.split(' ').map(|line| line.split(',').map(str::to_owned).collect()).collect()
    }

    #[test]
    fn words_above_numbers_name_columns_and_numbers_above_numbers_may() {
        for (text, expected) in [
            ("a,b 1,2", Names::Yes),
            ("a,2 1,2", Names::Yes),
            ("a,b", Names::Yes),
            ("1,2 3,4 5,6", Names::No),
            ("1,NA 3,4 5,6", Names::No),
            ("1,2.5 3.5,4.5 5.5,6.5", Names::No),
            ("1,2 3.5,4 5.5,6", Names::No),
            ("3,2 3.5,4.5 5.5,6", Names::Unclear),
            ("-3,2 3.5,4.5 5.5,6", Names::No),
            ("2,2 3.5,4.5 5.5,6", Names::No),
            ("0,1,2 5,6,7 3,4,1", Names::Unclear),
            ("1,2,3 5,6,7 3,4,9", Names::Unclear),
            ("1,2,3 5,6,7 3,4,5", Names::No),
            ("2019,2020,2021 5,6,7 3,4,9", Names::Unclear),
            ("7,2019,3 5,6.5,7 3,4.5,9.5", Names::Unclear),
            ("7,2019,3 5,6.5,7 3,4.5,9", Names::No),
            (",0,1 0,6.5,7.5 1,4,5", Names::Yes),
            ("2024-01-01,1 2024-01-02,3 2024-01-03,2", Names::No),
            ("2024-01-01,2024-02-01 1.5,3.5 2,3", Names::Unclear),
            ("ada,2 bob,4", Names::Unclear),
            ("who,x ada,2 bob,4", Names::Yes),
            ("who,what ada,dog bob,cat", Names::Yes),
            ("label cat dog cat", Names::Yes),
            ("thing cat dog cat dog", Names::Yes),
            ("thing cat dog cat", Names::Unclear),
            ("cat cat dog", Names::No),
        ] {
            let records = records(text);
            let found = names_columns(&records[0], &records[1..], None, NumberFormat::PLAIN);
            assert_eq!(found, expected, "{text:?}");
        }
        let records = records("1,x 2,y");
        assert_eq!(names_columns(&records[0], &records[1..], Some(1), NumberFormat::PLAIN), Names::No);
    }
}
