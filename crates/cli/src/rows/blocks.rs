//! Reads rows for a model in blocks of bounded size.

use std::path::Path;

use anyhow::{Error, Result};
use ndarray::{ArrayView2, ArrayViewMut2};
use pdmap_core::{LayerError, Real};
use pdmap_data::{DataError, Input, ReadRows, RowFormat, TextOptions, open_rows};
use pdmap_train::{Dequantizer, Model, block_rows};

use super::opened::Opened;
use super::table::Columns;
use crate::terminal::exit::BadInput;

/// A reader of blocks.
pub(crate) struct Blocks<F: Real> {
    reader: Box<dyn ReadRows<F>>,
    /// Rows in a full block.
    limit: usize,
    block: Vec<F>,
    more: Vec<F>,
    /// The names of the block's rows, if they have names.
    ids: Vec<String>,
    /// How the rows of a table are read.
    opened: Option<Opened>,
    /// Noise that is added to discrete features.
    noise: Option<Dequantizer>,
    /// Rows returned so far.
    given: u64,
}

/// A block of rows and its position.
pub(crate) struct Block<'a, F> {
    pub(crate) rows: ArrayView2<'a, F>,
    /// The names of the rows, if a column of names was requested.
    pub(crate) ids: Option<&'a [String]>,
    name: &'a str,
    /// Index of the first row, from 0.
    pub(crate) first: u64,
}

impl<F: Real> Blocks<F> {
    /// Opens rows of a model's features from a path or `-`. Discrete features get the fixed draw of
    /// the noise.
    pub(crate) fn open(data: &Path, options: &TextOptions, model: &Model<F>) -> Result<Self> {
        Self::of_columns(data, options, model, Columns::of(model))
    }

    fn of_columns(data: &Path, options: &TextOptions, model: &Model<F>, columns: Columns) -> Result<Self> {
        let reader = columns.open(&Input::parse(data), options)?;
        let opened = Opened::of(&*reader, &columns);
        Ok(Self { opened: Some(opened), noise: columns.noise, ..Self::of(reader, model.flow.features())? })
    }

    /// Opens rows of a model's features without noise. Rows off the subspace of the training rows are
    /// NaN.
    pub(crate) fn exact(data: &Path, options: &TextOptions, model: &Model<F>) -> Result<Self> {
        let columns = Columns { marks_outside: true, ..Columns::of(model) };
        Ok(Self { noise: None, ..Self::of_columns(data, options, model, columns)? })
    }

    /// Opens rows of columns with these names, which are matched in any order; no names: by position.
    pub(crate) fn named(data: &Path, options: &TextOptions, names: &[String], features: usize) -> Result<Self> {
        let columns = Columns { names: names.to_vec(), ..Columns::default() };
        Self::of(columns.open(&Input::parse(data), options)?, features)
    }

    /// Opens rows of a model's base space.
    pub(crate) fn of_base(data: &Path, options: &TextOptions, model: &Model<F>) -> Result<Self> {
        Self::of(open_rows::<F>(&Input::parse(data), options)?, model.flow.features())
    }

    fn of(reader: Box<dyn ReadRows<F>>, features: usize) -> Result<Self> {
        if reader.features() != features {
            let message = format!("{}: {} features per row, expected {features}", reader.name(), reader.features());
            return Err(BadInput(message).into());
        }
        let limit = block_rows::<F>(features);
        Ok(Self {
            reader,
            limit,
            block: Vec::new(),
            more: Vec::new(),
            ids: Vec::new(),
            opened: None,
            noise: None,
            given: 0,
        })
    }

    /// How the rows of a table are read.
    pub(crate) fn opened(&self) -> Option<&Opened> {
        self.opened.as_ref()
    }

    /// The name of the data in messages.
    pub(crate) fn name(&self) -> &str {
        self.reader.name()
    }

    /// The names of the columns, if any.
    pub(crate) fn columns(&self) -> Option<&[String]> {
        self.reader.columns()
    }

    /// The name of the column of row names, if any.
    pub(crate) fn id_column(&self) -> Option<String> {
        self.reader.id_column().map(str::to_owned)
    }

    /// The total number of rows, if known in advance.
    pub(crate) fn count(&self) -> Option<u64> {
        self.reader.rows()
    }

    /// Rows returned so far.
    pub(crate) fn given(&self) -> u64 {
        self.given
    }

    /// The output format that matches the input: an array for an array, which states its number of rows
    /// and has no report on its columns; text for a table.
    pub(crate) fn format(&self) -> RowFormat {
        let array = self.reader.rows().is_some() && self.reader.column_report().is_none();
        if array { RowFormat::Npy } else { RowFormat::Csv }
    }

    /// The next block, full unless it is the last; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Block<'_, F>>> {
        let limit = self.limit;
        self.next_of(limit)
    }

    /// The next `limit` rows, or all remaining ones.
    pub(crate) fn next_of(&mut self, limit: usize) -> Result<Option<Block<'_, F>>> {
        let mut count = self.reader.read(limit, &mut self.block)?;
        self.ids.clear();
        self.ids.extend_from_slice(self.reader.ids());
        while 0 < count && count < limit {
            let read = self.reader.read(limit - count, &mut self.more)?;
            if read == 0 {
                break;
            }
            self.block.extend_from_slice(&self.more);
            self.ids.extend_from_slice(self.reader.ids());
            count += read;
        }
        let name = self.reader.name();
        if count == 0 {
            return match self.given {
                0 => Err(DataError::TooFewRows { name: name.to_owned(), expected: 1, actual: 0 }.into()),
                _ => Ok(None),
            };
        }
        let first = self.given;
        self.given += count as u64;
        let shape = (count, self.reader.features());
        if let Some(noise) = &self.noise {
            noise.add(Dequantizer::FIXED, first, ArrayViewMut2::from_shape(shape, &mut self.block)?);
        }
        let rows = ArrayView2::from_shape(shape, &self.block)?;
        let ids = self.reader.id_column().map(|_| self.ids.as_slice());
        Ok(Some(Block { rows, ids, name, first }))
    }
}

impl<F> Block<'_, F> {
    /// Converts an error about a row of this block so that it names the row's index among all rows.
    pub(crate) fn error(&self, error: LayerError) -> Error {
        let (name, first) = (self.name.to_owned(), usize::try_from(self.first).unwrap_or(usize::MAX));
        match error.below(first) {
            LayerError::NonFinite { what: "input", row, column, value } => {
                DataError::NonFinite { name, row, column, value }.into()
            }
            // A singular matrix is an error of the model, not of the rows.
            singular @ LayerError::Singular { .. } => Error::from(singular).context("the model"),
            other => Error::from(other).context(name),
        }
    }
}
