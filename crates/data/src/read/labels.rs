//! Reads one label per row, for example the names of classes.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;

use crate::error::{DataError, excerpt};
use crate::format::Head;
use crate::stream::Table;
use crate::text::{TextOptions, is_missing};

/// The largest number of distinct labels: beyond it, the column names rows, not classes.
const CLASSES: usize = 1 << 16;

/// The labels of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    /// The distinct labels, sorted: by value if all are integers, otherwise as text.
    pub classes: Vec<String>,
    /// For each row, the index of its label among `classes`.
    pub codes: Vec<usize>,
}

/// Reads one label per row from a text file with one column, or with the one column that `options`
/// select. Labels are compared without surrounding blanks.
///
/// # Errors
/// Those of [`read_csv`](crate::read_csv) about the file, its rows and its columns;
/// [`DataError::FeatureMismatch`] for more than one column; [`DataError::MissingCell`];
/// [`DataError::AmbiguousHeader`] if the first line can be the name of the column or a label;
/// [`DataError::TooManyClasses`].
pub fn read_labels(path: &Path, options: &TextOptions) -> Result<Labels, DataError> {
    let io = |source| DataError::io(path, source);
    let mut file = File::open(path).map_err(io)?;
    let head = Head::read(&mut file).map_err(io)?;
    let mut table = Table::open(path, head, Box::new(file), options)?;
    let &[column] = table.taken.as_slice() else {
        return Err(DataError::FeatureMismatch { name: table.name(), expected: 1, actual: table.taken.len() });
    };
    let (mut numbers, mut found) = (HashMap::new(), Vec::new());
    while table.next()? {
        let text = table.records.text(column)?.trim();
        if is_missing(text) {
            let text = excerpt(text);
            return Err(DataError::MissingCell { path: table.path.clone(), place: table.place(column), text });
        }
        let next = numbers.len();
        found.push(match numbers.get(text) {
            Some(&number) => number,
            None if next < CLASSES => *numbers.entry(text.to_owned()).or_insert(next),
            None => {
                let (path, rows) = (table.path.clone(), found.len() + 1);
                return Err(DataError::TooManyClasses { path, rows, limit: CLASSES });
            }
        });
        table.rows += 1;
    }
    let mut classes: Vec<(String, usize)> = numbers.into_iter().collect();
    if classes.iter().all(|(label, _)| label.parse::<i64>().is_ok()) {
        classes.sort_by_key(|(label, _)| (label.parse::<i64>().ok(), label.clone()));
    } else {
        classes.sort();
    }
    let mut codes = vec![0; classes.len()];
    classes.iter().enumerate().for_each(|(code, &(_, number))| codes[number] = code);
    let codes = found.into_iter().map(|number| codes[number]).collect();
    Ok(Labels { classes: classes.into_iter().map(|(label, _)| label).collect(), codes })
}
