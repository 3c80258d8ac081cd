//! Finds the columns of a text file that are no features: the index that pandas and R write, and
//! empty columns without a name.

use std::collections::HashSet;
use std::path::Path;

use super::header::{Kind, kind};
use super::number_format::NumberFormat;
use super::options::{IndexColumn, TextOptions};
use crate::error::DataError;

/// A column that is not a feature, and what every row must hold in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aside {
    /// Row numbers; the first row has this one.
    Counter(u64),
    /// Words that name the rows.
    RowNames,
    Empty,
}

/// Whether a header gives a column a name; pandas writes `Unnamed: 0` for one without.
pub(crate) fn is_named(name: &str) -> bool {
    !name.is_empty() && !name.starts_with("Unnamed: ")
}

/// The columns that are no features, with their numbers; none if columns are selected.
///
/// # Errors
/// [`DataError::AmbiguousIndex`] if the first column has no name and holds dates, or distinct
/// integers that do not count the rows.
pub(crate) fn find_asides(
    path: &Path,
    header: Option<&[String]>,
    rows: &[Vec<String>],
    numbers: NumberFormat,
    options: &TextOptions,
) -> Result<Vec<(usize, Aside)>, DataError> {
    let Some(cells) = rows.first().map(Vec::len).filter(|&cells| cells > 1 && options.columns.is_none()) else {
        return Ok(Vec::new());
    };
    let named = |column: usize| header.and_then(|names| names.get(column)).is_some_and(|name| is_named(name));
    let column = |column: usize| rows.iter().filter_map(move |row| row.get(column)).map(|cell| cell.trim());
    let mut asides: Vec<(usize, Aside)> =
        (0..cells).filter(|&c| !named(c) && column(c).all(str::is_empty)).map(|c| (c, Aside::Empty)).collect();
    if header.is_none() || options.id.is_some() || options.index != IndexColumn::Auto {
        return Ok(asides);
    }
    // Each save and load of pandas adds another index.
    for c in (0..cells).take_while(|&c| !named(c)) {
        let starts = column(c).next().and_then(|text| text.parse::<u64>().ok()).filter(|&start| start < 2);
        if let Some(start) = starts.filter(|&start| column(c).zip(start..).all(|(text, k)| text == k.to_string())) {
            asides.push((c, Aside::Counter(start)));
            continue;
        }
        let mut buffer = String::new();
        let kinds: Vec<Kind> = column(c).map(|text| kind(text, numbers, &mut buffer)).collect();
        let all = |wanted: Kind| kinds.iter().all(|&kind| kind == wanted);
        let mut seen = HashSet::new();
        if c == 0 && (all(Kind::Date) || all(Kind::Integer) && column(c).all(|text| seen.insert(text))) {
            let text = column(c).next().unwrap_or_default().to_owned();
            return Err(DataError::AmbiguousIndex { path: path.to_path_buf(), column: c, text });
        }
        if c == 0 && all(Kind::Word) {
            asides.push((c, Aside::RowNames));
        }
        break;
    }
    asides.sort_unstable_by_key(|&(column, _)| column);
    // Features must remain; a table of row numbers alone is not read as nothing.
    if asides.len() == cells {
        asides.clear();
    }
    Ok(asides)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asides(text: &str, options: &TextOptions) -> Result<Vec<(usize, Aside)>, DataError> {
        let records: Vec<Vec<String>> =
            text.split(' ').map(|line| line.split(',').map(str::to_owned).collect()).collect();
        let (header, rows) = if records[0].iter().all(|name| name == "-") {
            (None, &records[1..])
        } else {
            (Some(records[0].as_slice()), &records[1..])
        };
        find_asides(Path::new("t"), header, rows, NumberFormat::PLAIN, options)
    }

    #[test]
    fn indices_and_empty_columns_are_no_features() -> Result<(), DataError> {
        for (text, expected) in [
            ("a,b 0,5 1,6", &[][..]),
            (",b 0,5 1,6", &[(0, Aside::Counter(0))]),
            (",b 1,5 2,6", &[(0, Aside::Counter(1))]),
            ("Unnamed:_0,b 0,5 1,6", &[]),
            (",,b 0,0,5 1,1,6", &[(0, Aside::Counter(0)), (1, Aside::Counter(0))]),
            (",b 0.5,5 1,6", &[]),
            (",b 5,5 5,6", &[]),
            (",b ada,5 bob,6", &[(0, Aside::RowNames)]),
            ("a,b, 0,5, 1,6,", &[(2, Aside::Empty)]),
            ("a,,b 0,,5 1,,6", &[(1, Aside::Empty)]),
            ("a,,b 0,,5 1,1,6", &[]),
            ("a,c,b 0,,5 1,,6", &[]),
            ("-,-,- 0,5, 1,6,", &[(2, Aside::Empty)]),
            (",b, 0,5, 1,6,", &[(0, Aside::Counter(0)), (2, Aside::Empty)]),
        ] {
            assert_eq!(asides(text, &TextOptions::default())?, expected, "{text:?}");
        }
        for text in [",b 7,5 3,6", ",b 2024-01-01,5 2024-01-02,6"] {
            assert!(matches!(asides(text, &TextOptions::default()), Err(DataError::AmbiguousIndex { .. })), "{text:?}");
            let options = TextOptions { index: IndexColumn::No, ..TextOptions::default() };
            assert_eq!(asides(text, &options)?, []);
        }
        let chosen = TextOptions { columns: Some(vec!["b".to_owned()]), ..TextOptions::default() };
        assert_eq!(asides(",b,, 0,5,, 1,6,,", &chosen)?, []);
        Ok(())
    }
}
