//! Rows for ICA, in memory or read anew in each pass.

use std::path::Path;

use anyhow::{Error, Result};
use ndarray::{Array2, ArrayView2};
use pdmap_core::LayerError;
use pdmap_data::{DataError, Input, TextOptions, open_rows};
use pdmap_dense::ica::{FitOptions, Ica, Visit, fit, fit_in_passes};

use crate::rows::kind::is_pipe;
use crate::terminal::exit::BadInput;

/// Numbers of a block.
const BLOCK: usize = 1 << 19;

/// A table whose rows can be read several times.
#[derive(Debug)]
pub(crate) struct Table {
    input: Input,
    text: TextOptions,
    /// The name of the data in messages.
    name: String,
    /// The names of the columns, if they have names.
    pub(crate) columns: Option<Vec<String>>,
    /// The name of the column of row names, if there is one.
    pub(crate) id: Option<String>,
    /// The rows and their names, if they fit into memory.
    rows: Option<(Array2<f64>, Vec<String>)>,
}

impl Table {
    /// Reads rows of up to `memory` bytes; larger files are left where they are.
    pub(crate) fn open(path: &Path, text: TextOptions, memory: u64) -> Result<Self> {
        let input = Input::parse(path);
        let mut reader = open_rows::<f64>(&input, &text)?;
        let (features, name) = (reader.features(), reader.name().to_owned());
        let columns = reader.columns().map(<[String]>::to_vec);
        let id = reader.id_column().map(str::to_owned);
        let most = usize::try_from(memory / size_of::<f64>() as u64).unwrap_or(usize::MAX) / features;
        let once = input == Input::Stdin || is_pipe(path);
        let too_many = |rows: u64| rows > most as u64;
        let (mut values, mut names, mut block, mut count) = (Vec::new(), Vec::new(), Vec::new(), 0);
        let mut large = reader.rows().is_some_and(too_many) && !once;
        while !large {
            let read = reader.read((BLOCK / features).max(1), &mut block)?;
            if read == 0 {
                break;
            }
            count += read;
            if too_many(count as u64) {
                if once {
                    let message = format!(
                        "{name}: more rows than --memory {memory} holds; a file is read several times instead, or give more --memory"
                    );
                    return Err(BadInput(message).into());
                }
                large = true;
            }
            let unread = DataError::TooLarge { rows: count, features };
            values.try_reserve(block.len()).map_err(|_| unread)?;
            values.extend_from_slice(&block);
            names.extend_from_slice(reader.ids());
        }
        let rows = if large { None } else { Some((Array2::from_shape_vec((count, features), values)?, names)) };
        Ok(Self { input, text, name, columns, id, rows })
    }

    /// Whether the rows are read anew in each pass.
    pub(crate) fn is_in_file(&self) -> bool {
        self.rows.is_none()
    }

    /// Independent components of the rows.
    pub(crate) fn fit(&self, options: &FitOptions) -> Result<Ica> {
        let fitted = match &self.rows {
            Some((rows, _)) => fit(rows.view(), options).map_err(Error::from),
            None => fit_in_passes(&mut |visit| self.pass(visit), options),
        };
        fitted.map_err(|error| self.named(error))
    }

    /// All rows in blocks, with their names if they have names.
    pub(crate) fn blocks(&self, mut visit: impl FnMut(ArrayView2<'_, f64>, &[String]) -> Result<()>) -> Result<()> {
        match &self.rows {
            Some((rows, names)) => visit(rows.view(), names),
            None => self.read(visit),
        }
    }

    fn pass(&self, visit: &mut Visit<'_>) -> Result<()> {
        self.read(|block, _| visit(block).map_err(Error::from))
    }

    fn read(&self, mut visit: impl FnMut(ArrayView2<'_, f64>, &[String]) -> Result<()>) -> Result<()> {
        let mut reader = open_rows::<f64>(&self.input, &self.text)?;
        let features = reader.features();
        let mut block = Vec::new();
        loop {
            let rows = reader.read((BLOCK / features).max(1), &mut block)?;
            if rows == 0 {
                return Ok(());
            }
            visit(ArrayView2::from_shape((rows, features), &block)?, reader.ids())?;
        }
    }

    /// An error about rows, with the name of their file.
    fn named(&self, error: Error) -> Error {
        let name = self.name.clone();
        match error.downcast::<LayerError>() {
            Ok(LayerError::NonFinite { row, column, value, .. }) => {
                DataError::NonFinite { name, row, column, value }.into()
            }
            Ok(LayerError::NoRows) => DataError::TooFewRows { name, expected: 1, actual: 0 }.into(),
            Ok(other) => Error::from(other).context(name),
            Err(other) => other,
        }
    }
}
