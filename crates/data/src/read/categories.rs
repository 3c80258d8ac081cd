//! Reads columns of categories beside the features of a table.

use std::fs::File;
use std::path::Path;

use super::labels::{Found, Labels};
use crate::error::{DataError, Place};
use crate::format::{Head, Sniffed, Stream};
use crate::stream::{ColumnarRows, ReadRows, Table};
use crate::text::{TextColumn, TextOptions};

/// A column of categories: of text, or of numbers whose text is the label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CategoryColumn {
    /// Where it stands in the table, and its name.
    pub column: TextColumn,
    /// Its labels and the label of each row.
    pub labels: Labels,
}

/// Reads the columns of categories that `options` name, in their order, from a text file, Parquet or
/// Arrow table. Labels are compared without surrounding blanks.
///
/// # Errors
/// Those of [`read_labels`](crate::read_labels), for each column; [`DataError::NotRows`] for other
/// formats; [`DataError::ColumnsOfAnArray`] for arrays.
pub fn read_categories(path: &Path, options: &TextOptions) -> Result<Vec<CategoryColumn>, DataError> {
    let io = |source| DataError::io(path, source);
    let mut file = File::open(path).map_err(io)?;
    let is_file = file.metadata().map_err(io)?.is_file();
    let head = Head::read(&mut file).map_err(io)?;
    match head.sniff() {
        Sniffed::Npy | Sniffed::Zip => Err(DataError::ColumnsOfAnArray { path: path.to_path_buf() }),
        Sniffed::Parquet | Sniffed::Arrow if !is_file => {
            let what = "a table of categories in Parquet or Arrow";
            Err(DataError::NeedsAFile { path: path.to_path_buf(), what })
        }
        sniffed @ (Sniffed::Parquet | Sniffed::Arrow) => {
            let of = |name: &String| of_columns(path, sniffed == Sniffed::Parquet, &selecting(options, name));
            options.categories.iter().map(of).collect()
        }
        _ => of_text(Stream { path, head, rest: Box::new(file) }, options),
    }
}

/// Options that select one column.
fn selecting(options: &TextOptions, name: &str) -> TextOptions {
    let columns = Some(vec![name.to_owned()]);
    TextOptions { columns, id: None, usual: vec![], categories: vec![], ..options.clone() }
}

fn of_columns(path: &Path, parquet: bool, options: &TextOptions) -> Result<CategoryColumn, DataError> {
    let file = File::open(path).map_err(|source| DataError::io(path, source))?;
    let mut rows = ColumnarRows::of_labels(path, file, parquet, options)?;
    let first = rows.first_name();
    let mut found = Found::default();
    while let Some(names) = rows.next_names()? {
        for name in names {
            let row = found.numbers.len() as u64;
            found.add(path, name.trim(), || Place { row, ..first.clone() })?;
        }
    }
    // The place in messages has the start of a long name.
    let name = ReadRows::<f64>::id_column(&rows).map(str::to_owned);
    let column = TextColumn { column: first.column, name };
    Ok(CategoryColumn { column, labels: found.sorted() })
}

fn of_text(stream: Stream<'_>, options: &TextOptions) -> Result<Vec<CategoryColumn>, DataError> {
    let path = stream.path;
    let columns = Some(options.categories.clone());
    let options = TextOptions { columns, id: None, usual: vec![], categories: vec![], ..options.clone() };
    let mut table = Table::open(stream, &options)?;
    let taken = table.taken.clone();
    let mut found: Vec<Found> = taken.iter().map(|_| Found::default()).collect();
    while table.next()? {
        for (found, &column) in found.iter_mut().zip(&taken) {
            found.add(path, table.records.text(column)?.trim(), || table.place(column))?;
        }
        table.rows += 1;
    }
    let named =
        |(found, column): (Found, usize)| CategoryColumn { column: table.described(column), labels: found.sorted() };
    Ok(found.into_iter().zip(taken).map(named).collect())
}
