//! Opens tables of rows and matches their columns by name.

use std::path::PathBuf;

use anyhow::Result;
use ndarray::{Array2, Axis};
use pdmap_core::Real;
use pdmap_data::{
    DataError, Degenerate, Description, Input, MappedRows, ReadRows, TextOptions, check_rows, collect_named_rows,
    describe, match_names, open_rows,
};
use pdmap_train::{ColumnMap, Model};

use super::parts::Parts;
use super::reading::Reading;
use crate::terminal::exit::BadInput;

/// The columns that a table must have.
#[derive(Debug, Clone, Default)]
pub(crate) struct Columns {
    /// Their names; empty if unknown.
    pub(crate) names: Vec<String>,
    /// Columns that may be there or not.
    pub(crate) left_out: Vec<String>,
    /// Selection and offsets.
    pub(crate) map: ColumnMap,
    /// Row numbers of the parts, if the training rows were split.
    pub(crate) parts: Option<Parts>,
    /// What was read, of training rows in memory.
    pub(crate) read: Option<Reading>,
}

impl Columns {
    /// Those of a model.
    pub(crate) fn of<F: Real>(model: &Model<F>) -> Self {
        let training = model.header.training.as_ref();
        Self {
            names: training.map(|training| training.columns.clone()).unwrap_or_default(),
            left_out: training.map(|training| training.left_out.clone()).unwrap_or_default(),
            map: model.header.columns.clone(),
            parts: None,
            read: None,
        }
    }

    /// Opens a table with these columns. Names are compared if both sides have them: another order
    /// is matched, a missing or unexpected column is an error. Without names, columns are taken by
    /// position, which stderr says.
    pub(crate) fn open<F: Real>(&self, input: &Input, text: &TextOptions) -> Result<Box<dyn ReadRows<F>>> {
        let text = TextOptions { usual: self.names.clone(), ..text.clone() };
        if self.map.is_identity() {
            let reader = open_rows::<F>(input, &text)?;
            return Ok(match self.places(&*reader, &text)? {
                None => reader,
                Some(places) => Box::new(MappedRows::new(reader, places, vec![])?),
            });
        }
        let reader = open_rows::<f64>(input, &text)?;
        let columns = reader.features();
        let places = match self.places(&*reader, &text)? {
            Some(places) => places,
            None if columns == self.map.of => self.map.kept.clone(),
            None => (0..columns).collect(),
        };
        Ok(Box::new(MappedRows::new(reader, places, self.map.offsets.clone())?))
    }

    /// Reads a whole table, which must have rows of finite numbers, and the names of its rows.
    pub(crate) fn read<F: Real>(&self, input: &Input, text: &TextOptions) -> Result<(Array2<F>, Vec<String>)> {
        let (rows, names) = collect_named_rows(&mut *self.open(input, text)?)?;
        check_rows(rows.view(), &input.to_string())?;
        Ok((rows, names))
    }

    /// Reads the training rows, which decide the columns of all other tables, and their names.
    /// Columns without a density of their own are an error, or left out on request.
    pub(crate) fn of_training(
        input: &Input,
        text: &TextOptions,
        drop_degenerate: bool,
    ) -> Result<(Self, Array2<f64>, Vec<String>)> {
        let mut reader = open_rows::<f64>(input, text)?;
        let (mut rows, row_names) = collect_named_rows(&mut *reader)?;
        check_rows(rows.view(), &input.to_string())?;
        let names = reader.columns().map(<[String]>::to_vec).unwrap_or_default();
        let others = reader.all_columns().unwrap_or_default().iter().filter(|name| !names.contains(name));
        let mut columns = Self { left_out: others.cloned().collect(), names, ..Self::default() };
        let described = describe(rows.view(), (!columns.names.is_empty()).then_some(&columns.names[..]));
        if !described.degenerate.is_empty() {
            if !drop_degenerate {
                let (name, notes) = (input.to_string(), described.degenerate_notes());
                return Err(DataError::DegenerateColumns { name, notes }.into());
            }
            rows = columns.without(&described, rows)?;
        }
        columns.read = Some(Reading::of(input, described, reader.text_report().cloned()));
        Ok((columns, rows, row_names))
    }

    /// Leaves out the degenerate columns.
    fn without(&mut self, described: &Description, rows: Array2<f64>) -> Result<Array2<f64>> {
        let of = rows.ncols();
        let dropped: Vec<usize> = described.degenerate.iter().map(Degenerate::column).collect();
        let kept: Vec<usize> = (0..of).filter(|column| !dropped.contains(column)).collect();
        if kept.is_empty() {
            let message = "every column is constant or a copy; nothing is left for --drop-degenerate to keep";
            return Err(BadInput(message.into()).into());
        }
        if !self.names.is_empty() {
            self.left_out.extend(dropped.iter().map(|&column| self.names[column].clone()));
            self.names = kept.iter().map(|&column| self.names[column].clone()).collect();
        }
        let rows = rows.select(Axis(1), &kept);
        self.map = ColumnMap { of, kept, ..ColumnMap::default() };
        Ok(rows)
    }

    /// The names for plots, with the offsets: `time − 1.7e9`.
    pub(crate) fn labels(&self) -> Option<Vec<String>> {
        let label = |(index, name): (usize, &String)| match self.map.offsets.get(index) {
            Some(offset) if *offset != 0.0 => format!("{name} − {offset}"),
            _ => name.clone(),
        };
        (!self.names.is_empty()).then(|| self.names.iter().enumerate().map(label).collect())
    }

    /// The offsets in words.
    pub(crate) fn offsets(&self) -> Option<String> {
        let named = |(index, offset): (usize, &f64)| {
            let name = self.names.get(index).cloned().unwrap_or_else(|| format!("x{index}"));
            (*offset != 0.0).then(|| format!("{name} − {offset}"))
        };
        let shifted: Vec<String> = self.map.offsets.iter().enumerate().filter_map(named).collect();
        (!shifted.is_empty()).then(|| format!("in double precision {}", shifted.join(", ")))
    }

    /// Where the table has the columns, if it has them in another order.
    fn places<G>(&self, reader: &dyn ReadRows<G>, text: &TextOptions) -> Result<Option<Vec<usize>>>
    where
        G: pdmap_data::Element,
    {
        // The flag decides.
        if text.columns.is_some() || self.names.is_empty() {
            return Ok(None);
        }
        let (Some(all), Some(selected)) = (reader.all_columns(), reader.columns()) else {
            eprintln!("note: {} has no column names; its columns are taken by position", reader.name());
            return Ok(None);
        };
        let ignored = [&self.left_out[..], reader.id_column().map(str::to_owned).as_slice()].concat();
        let matched = match_names(&self.names, all, &ignored);
        let places = matched.map_err(|mismatch| DataError::ColumnNames {
            path: PathBuf::from(reader.name()),
            mismatch: Box::new(mismatch),
        })?;
        Ok((selected != self.names).then_some(places))
    }
}
