//! Reads the labels of a table.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;
use ndarray::Array2;
use pdmap_data::{CategoryColumn, DataError, Input, TextOptions, read_categories};
use pdmap_train::{Categories, CategoryLabels};

use crate::rows::kind::is_pipe;
use crate::terminal::exit::BadInput;

/// The categories of the training rows and of those that are split off them.
#[derive(Debug)]
pub(crate) struct Found {
    /// Labels of all rows; it is not known yet how many columns of numbers stand before each.
    pub(crate) categories: Categories,
    /// Where the columns stand in the table.
    pub(crate) places: Vec<usize>,
    /// `[rows, columns]`.
    pub(crate) codes: Array2<u32>,
}

impl Found {
    /// The first row of each label.
    pub(crate) fn first_rows(&self) -> Vec<usize> {
        let mut seen = BTreeSet::new();
        let first = |((row, column), &code): ((usize, usize), &u32)| seen.insert((column, code)).then_some(row);
        self.codes.indexed_iter().filter_map(first).collect()
    }
}

/// Rows from which a label in each of them is no category.
const NAMES: usize = 3;

/// Reads the columns of categories that `text` names.
pub(crate) fn of_training(data: &str, text: &TextOptions) -> Result<Found> {
    let mut columns = read(Path::new(data), text)?;
    columns.sort_by_key(|column| column.column.column);
    let rows = columns.first().map_or(0, |column| column.labels.codes.len());
    let name = |column: &CategoryColumn| {
        let named = column.column.name.clone().filter(|name| !name.is_empty());
        named.unwrap_or_else(|| column.column.column.to_string())
    };
    if let Some(column) = columns.iter().find(|column| rows >= NAMES && column.labels.classes.len() == rows) {
        let name = name(column);
        let message = format!("{data}: column {name} has another label in each row: it names rows; use --id {name}");
        return Err(BadInput(message).into());
    }
    let mut codes = Array2::zeros((rows, columns.len()));
    for (column, mut to) in columns.iter().zip(codes.columns_mut()) {
        to.iter_mut().zip(&column.labels.codes).for_each(|(to, &code)| *to = code as u32);
    }
    let places = columns.iter().map(|column| column.column.column).collect();
    let labelled =
        |column: CategoryColumn| CategoryLabels { name: name(&column), before: 0, labels: column.labels.classes };
    Ok(Found { categories: Categories { columns: columns.into_iter().map(labelled).collect() }, places, codes })
}

/// The codes of other rows for the same model, `[rows, columns]`; with `other`, unknown labels have
/// the code after the last.
pub(crate) fn beside(categories: &Categories, path: &Path, text: &TextOptions, other: bool) -> Result<Array2<u32>> {
    let name = path.display().to_string();
    let text = TextOptions { categories: categories.names(), ..text.clone() };
    let columns = read(path, &text)?;
    let rows = columns.first().map_or(0, |column| column.labels.codes.len());
    let mut codes = Array2::zeros((rows, columns.len()));
    for (index, (column, mut to)) in columns.iter().zip(codes.columns_mut()).enumerate() {
        let labels = (&column.labels.classes[..], &column.labels.codes[..]);
        to.assign(&ndarray::Array1::from_vec(categories.codes(index, labels, other, &name)?));
    }
    Ok(codes)
}

fn read(path: &Path, text: &TextOptions) -> Result<Vec<CategoryColumn>> {
    if Input::parse(path) == Input::Stdin || is_pipe(path) {
        let message = format!("{}: a table with categories is read twice and must be a file", path.display());
        return Err(BadInput(message).into());
    }
    read_categories(path, text).map_err(|error| match error {
        DataError::ColumnsOfAnArray { path } => {
            let message =
                format!("{}: an array has no columns of categories; use CSV, Parquet or Arrow", path.display());
            BadInput(message).into()
        }
        DataError::MissingCell { path, place, .. } => {
            let message = format!(
                "{}: {place}: no label; remove the row, or write a label of its own for missing ones",
                path.display()
            );
            BadInput(message).into()
        }
        other => other.into(),
    })
}

/// The columns that a model needs, in words.
pub(crate) fn wanted(categories: &Categories) -> String {
    format!("the columns {}", categories.names().join(", "))
}
