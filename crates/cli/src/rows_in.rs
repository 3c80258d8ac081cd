//! Rows for a model, in blocks of bounded size.

use std::path::Path;

use anyhow::{Error, Result};
use ndarray::ArrayView2;
use pdmap_core::{Evaluator, LayerError, Real};
use pdmap_data::{DataError, Input, ReadRows, RowFormat, TextOptions, open_rows};

use crate::exit::BadInput;

/// Bytes of a block, about: its rows and a score for each.
const BLOCK: usize = 1 << 22;

/// Rows of a block: a multiple of the rows that are evaluated at a time, so that blocks give the same bits as all rows at once, and enough of
/// them for every thread.
pub(crate) fn block_rows<F: Real>(features: usize) -> usize {
    let row = features.saturating_mul(size_of::<F>()).saturating_add(size_of::<f64>());
    (BLOCK / row / Evaluator::<F>::CHUNK).max(1) * Evaluator::<F>::CHUNK
}

/// Rows in blocks.
pub(crate) struct Blocks<F: Real> {
    reader: Box<dyn ReadRows<F>>,
    /// Rows of a full block.
    limit: usize,
    block: Vec<F>,
    more: Vec<F>,
    /// The names of the rows of the block, where they have names.
    ids: Vec<String>,
    /// Rows given so far.
    given: u64,
}

/// Some rows and where they stand.
pub(crate) struct Block<'a, F> {
    pub(crate) rows: ArrayView2<'a, F>,
    /// The names of the rows, where a column of names was asked for.
    pub(crate) ids: Option<&'a [String]>,
    name: &'a str,
    /// The number of the first, from 0.
    first: u64,
}

impl<F: Real> Blocks<F> {
    /// Opens rows of `features` numbers, a path or `-`.
    pub(crate) fn open(data: &Path, options: &TextOptions, features: usize) -> Result<Self> {
        let reader = open_rows::<F>(&Input::parse(data), options)?;
        if reader.features() != features {
            let message =
                format!("{}: {} features a row, {features} are needed", reader.name(), reader.features());
            return Err(BadInput(message).into());
        }
        let limit = block_rows::<F>(features);
        Ok(Self { reader, limit, block: Vec::new(), more: Vec::new(), ids: Vec::new(), given: 0 })
    }

    /// What messages call the data.
    pub(crate) fn name(&self) -> &str {
        self.reader.name()
    }

    /// The names of the columns, where there are names.
    pub(crate) fn columns(&self) -> Option<&[String]> {
        self.reader.columns()
    }

    /// The name of the column that names the rows, where there is one.
    pub(crate) fn id_column(&self) -> Option<String> {
        self.reader.id_column().map(str::to_owned)
    }

    /// The number of all rows, where it is known beforehand.
    pub(crate) fn count(&self) -> Option<u64> {
        self.reader.rows()
    }

    /// Rows given so far.
    pub(crate) fn given(&self) -> u64 {
        self.given
    }

    /// The format that goes with that of the input: an array tells its rows beforehand, text does not.
    pub(crate) fn format(&self) -> RowFormat {
        if self.reader.rows().is_some() { RowFormat::Npy } else { RowFormat::Csv }
    }

    /// The next rows: a full block unless they are the last; `None` behind them.
    pub(crate) fn next(&mut self) -> Result<Option<Block<'_, F>>> {
        let limit = self.limit;
        self.next_of(limit)
    }

    /// The next `limit` rows, or as many as there are.
    pub(crate) fn next_of(&mut self, limit: usize) -> Result<Option<Block<'_, F>>> {
        let mut count = self.reader.read(limit, &mut self.block)?;
        self.ids.clear();
        self.ids.extend_from_slice(self.reader.ids());
        while 0 < count && count < limit {
            let came = self.reader.read(limit - count, &mut self.more)?;
            if came == 0 {
                break;
            }
            self.block.extend_from_slice(&self.more);
            self.ids.extend_from_slice(self.reader.ids());
            count += came;
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
        let rows = ArrayView2::from_shape((count, self.reader.features()), &self.block)?;
        let ids = self.reader.id_column().map(|_| self.ids.as_slice());
        Ok(Some(Block { rows, ids, name, first }))
    }
}

impl<F> Block<'_, F> {
    /// What the flow says of a row of this block, with the row's number among all rows.
    pub(crate) fn error(&self, error: LayerError) -> Error {
        let (name, first) = (self.name.to_owned(), usize::try_from(self.first).unwrap_or(usize::MAX));
        match error.below(first) {
            LayerError::NonFinite { what: "input", row, column, value } => {
                DataError::NonFinite { name, row, column, value }.into()
            }
            // The rows are not to blame for a matrix without an inverse.
            singular @ LayerError::Singular { .. } => Error::from(singular).context("the model"),
            other => Error::from(other).context(name),
        }
    }
}
