//! Rows of some of a model's columns, or with missing cells.

use std::path::Path;

use anyhow::Result;
use ndarray::Array2;
use pdmap_core::Real;
use pdmap_data::{Input, ReadRows, RowFormat, TextOptions, open_rows};
use pdmap_query::{Copula, QueryError};
use pdmap_train::{Model, block_rows};

use crate::args::Missing;
use crate::terminal::exit::BadInput;

/// The closed form of a model.
///
/// # Errors
/// [`BadInput`] for a model without one.
pub(crate) fn copula<F: Real>(model: &Model<F>, path: &Path) -> Result<Copula<F>> {
    if model.header.columns.subspace.is_some() {
        let message = format!("{}: a model of reduced rank has no marginals of single columns", path.display());
        return Err(BadInput(message).into());
    }
    if model.header.categories.is_some() {
        let message = format!("{}: a model with columns of categories has no marginals in closed form", path.display());
        return Err(BadInput(message).into());
    }
    Copula::of(&model.flow).map_err(|error| refused(path, &error))
}

/// A question that a model cannot answer.
pub(crate) fn refused(path: &Path, error: &QueryError) -> anyhow::Error {
    BadInput(format!("{}: {error}", path.display())).into()
}

/// A reader of rows that lack cells.
pub(crate) struct Partial {
    reader: Box<dyn ReadRows<f64>>,
    /// The feature of each column that is read; none for one that the model left out.
    features: Vec<Option<usize>>,
    all: usize,
    offsets: Vec<f64>,
    missing: Missing,
    limit: usize,
    block: Vec<f64>,
    given: u64,
}

/// Rows of all features. What is not there is NaN.
pub(crate) struct PartialBlock<'a> {
    /// As they stand in the table.
    pub(crate) cells: Array2<f64>,
    /// The names of the rows, if a column of names was requested.
    pub(crate) ids: Option<&'a [String]>,
    /// Index of the first row, from 0.
    pub(crate) first: u64,
}

impl Partial {
    /// Opens rows whose columns are some of the model's, by name, or where either side has no names
    /// all of them by position. `text.columns` may select them by index.
    pub(crate) fn open<F: Real>(data: &Path, text: &TextOptions, model: &Model<F>, missing: Missing) -> Result<Self> {
        let training = model.header.training.as_ref();
        let names = training.map(|training| training.columns.clone()).unwrap_or_default();
        let left_out = training.map(|training| &training.left_out[..]).unwrap_or_default();
        let text = TextOptions { usual: names.clone(), missing: true, ..text.clone() };
        let reader = open_rows::<f64>(&Input::parse(data), &text)?;
        let all = model.flow.features();
        let features = match (reader.columns(), &text.columns) {
            (Some(columns), _) if !names.is_empty() => {
                columns.iter().map(|column| feature(column, &names, left_out, reader.name())).collect::<Result<_>>()?
            }
            (_, Some(indices)) => indices.iter().map(|index| Ok(Some(position(index, all)?))).collect::<Result<_>>()?,
            _ if reader.features() == all => (0..all).map(Some).collect(),
            _ if reader.features() == model.header.columns.of => {
                let kept = &model.header.columns.kept;
                (0..reader.features()).map(|column| kept.iter().position(|&kept| kept == column)).collect()
            }
            _ => {
                let message = format!(
                    "{}: {} features per row, expected {all}; without column names, --columns says by index which they are",
                    reader.name(),
                    reader.features()
                );
                return Err(BadInput(message).into());
            }
        };
        let offsets = model.header.columns.offsets.clone();
        let (limit, block) = (block_rows::<F>(all), Vec::new());
        Ok(Self { reader, features, all, offsets, missing, limit, block, given: 0 })
    }

    /// The name of the data in messages.
    pub(crate) fn name(&self) -> &str {
        self.reader.name()
    }

    /// The name of the column of row names, if any.
    pub(crate) fn id_column(&self) -> Option<String> {
        self.reader.id_column().map(str::to_owned)
    }

    /// The features that are read.
    pub(crate) fn features(&self) -> Vec<usize> {
        self.features.iter().flatten().copied().collect()
    }

    /// The output format that matches the input.
    pub(crate) fn format(&self) -> RowFormat {
        let array = self.reader.rows().is_some() && self.reader.column_report().is_none();
        if array { RowFormat::Npy } else { RowFormat::Csv }
    }

    /// Rows returned so far.
    pub(crate) fn given(&self) -> u64 {
        self.given
    }

    /// The next block; none at the end.
    pub(crate) fn next(&mut self) -> Result<Option<PartialBlock<'_>>> {
        let count = self.reader.read(self.limit, &mut self.block)?;
        if count == 0 {
            return Ok(None);
        }
        let (first, columns) = (self.given, self.features.len());
        self.given += count as u64;
        let mut cells = Array2::from_elem((count, self.all), f64::NAN);
        for (number, (row, mut to)) in self.block.chunks_exact(columns).zip(cells.rows_mut()).enumerate() {
            for (&value, feature) in row.iter().zip(&self.features) {
                let Some(feature) = *feature else { continue };
                if value.is_nan() && self.missing == Missing::Refuse || value.is_infinite() {
                    let (name, row) = (self.reader.name(), first + number as u64);
                    let what = if value.is_nan() { "missing; --missing marginalize allows it" } else { "infinite" };
                    return Err(BadInput(format!("{name}: row {row}, feature {feature}: the value is {what}")).into());
                }
                to[feature] = value;
            }
        }
        let ids = self.reader.id_column().map(|_| self.reader.ids());
        Ok(Some(PartialBlock { cells, ids, first }))
    }

    /// Cells as the model sees them.
    pub(crate) fn seen<F: Real>(offsets: &[f64], cells: &Array2<f64>) -> Array2<F> {
        let offset = |column: usize| offsets.get(column).copied().unwrap_or(0.0);
        Array2::from_shape_fn(cells.dim(), |(row, column)| F::of(cells[[row, column]] - offset(column)))
    }

    /// What is subtracted from each feature.
    pub(crate) fn offsets(&self) -> Vec<f64> {
        self.offsets.clone()
    }
}

/// The feature of a column by its name.
fn feature(column: &String, names: &[String], left_out: &[String], file: &str) -> Result<Option<usize>> {
    match names.iter().position(|name| name == column) {
        None if left_out.contains(column) => Ok(None),
        None => Err(BadInput(format!("{file}: column `{column}` is none of the model: {}", names.join(", "))).into()),
        found => Ok(found),
    }
}

/// The feature of a column by its index.
fn position(index: &str, all: usize) -> Result<usize> {
    let found = index.parse().ok().filter(|&index| index < all);
    found.ok_or_else(|| BadInput(format!("column `{index}`: an index from 0 to {}", all.saturating_sub(1))).into())
}
