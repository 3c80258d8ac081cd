//! Reads one label per row, for example the names of classes.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;

use crate::error::{DataError, Place, excerpt};
use crate::format::{Head, Sniffed, Stream};
use crate::stream::{ColumnarRows, Table};
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

/// Reads one label per row from a text file, Parquet or Arrow table with one column, or with the one
/// column that `options` select. Labels are compared without surrounding blanks.
///
/// # Errors
/// Those of [`read_csv`](crate::read_csv) about the file, its rows and its columns;
/// [`DataError::FeatureMismatch`] for more than one column; [`DataError::MissingCell`];
/// [`DataError::NeedsAFile`] for Parquet or Arrow from a pipe;
/// [`DataError::AmbiguousHeader`] if the first line can be the name of the column or a label;
/// [`DataError::TooManyClasses`].
pub fn read_labels(path: &Path, options: &TextOptions) -> Result<Labels, DataError> {
    let io = |source| DataError::io(path, source);
    let mut file = File::open(path).map_err(io)?;
    let head = Head::read(&mut file).map_err(io)?;
    let mut found = Found::default();
    if let sniffed @ (Sniffed::Parquet | Sniffed::Arrow) = head.sniff() {
        if !file.metadata().map_err(io)?.is_file() {
            let what = "a table of labels in Parquet or Arrow";
            return Err(DataError::NeedsAFile { path: path.to_path_buf(), what });
        }
        let mut rows = ColumnarRows::of_labels(path, file, sniffed == Sniffed::Parquet, options)?;
        let first = rows.first_name();
        while let Some(names) = rows.next_names()? {
            for name in names {
                let row = found.numbers.len() as u64;
                found.add(path, name, || Place { row, ..first.clone() })?;
            }
        }
        return Ok(found.sorted());
    }
    let mut table = Table::open(Stream { path, head, rest: Box::new(file) }, options)?;
    let &[column] = table.taken.as_slice() else {
        return Err(DataError::FeatureMismatch { name: table.name(), expected: 1, actual: table.taken.len() });
    };
    while table.next()? {
        found.add(path, table.records.text(column)?.trim(), || table.place(column))?;
        table.rows += 1;
    }
    Ok(found.sorted())
}

/// The labels that were read.
#[derive(Default)]
pub(super) struct Found {
    /// Each label and its number, in the order of the rows.
    known: HashMap<String, usize>,
    /// The number of the label of each row.
    pub(super) numbers: Vec<usize>,
}

impl Found {
    /// Adds the label of a row.
    pub(super) fn add(&mut self, path: &Path, text: &str, place: impl FnOnce() -> Place) -> Result<(), DataError> {
        if is_missing(text) {
            return Err(DataError::MissingCell { path: path.to_path_buf(), place: place(), text: excerpt(text) });
        }
        let next = self.known.len();
        self.numbers.push(match self.known.get(text) {
            Some(&number) => number,
            None if next < CLASSES => *self.known.entry(text.to_owned()).or_insert(next),
            None => {
                let rows = self.numbers.len() + 1;
                return Err(DataError::TooManyClasses { path: path.to_path_buf(), rows, limit: CLASSES });
            }
        });
        Ok(())
    }

    /// Sorts the labels and numbers them in that order.
    pub(super) fn sorted(self) -> Labels {
        let mut classes: Vec<(String, usize)> = self.known.into_iter().collect();
        if classes.iter().all(|(label, _)| label.parse::<i64>().is_ok()) {
            classes.sort_by_key(|(label, _)| (label.parse::<i64>().ok(), label.clone()));
        } else {
            classes.sort();
        }
        let mut codes = vec![0; classes.len()];
        classes.iter().enumerate().for_each(|(code, &(_, number))| codes[number] = code);
        let codes = self.numbers.into_iter().map(|number| codes[number]).collect();
        Labels { classes: classes.into_iter().map(|(label, _)| label).collect(), codes }
    }
}
