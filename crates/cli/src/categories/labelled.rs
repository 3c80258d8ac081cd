//! Writes rows of numbers and labels, in the order of the table's columns.

use anyhow::Result;
use ndarray::{ArrayView2, Axis};
use pdmap_core::Real;
use pdmap_data::MixedCell;
use pdmap_train::{Categories, ColumnMap, Model};

use crate::args::HeaderArg;
use crate::rows::targets::{MixedOut, Targets, data_names};

/// A column of the output.
#[derive(Debug, Clone, Copy)]
enum Column {
    Number(usize),
    Category(usize),
}

/// A writer of rows of numbers and labels.
#[derive(Debug)]
pub(crate) struct Labelled {
    out: MixedOut,
    columns: Vec<Column>,
    categories: Categories,
    map: ColumnMap,
    /// Whether numbers keep their digits in double precision only.
    wide: bool,
}

impl Labelled {
    /// Opens the destination with this index for rows of a model with these categories.
    pub(crate) fn open<F: Real, const N: usize>(
        targets: &Targets<N>,
        index: usize,
        (model, categories): (&Model<F>, &Categories),
        header: HeaderArg,
    ) -> Result<Self> {
        let map = model.header.columns.clone();
        let numbers = map.columns_of(model.flow.features());
        let mut columns = Vec::new();
        for number in 0..=numbers {
            let here = categories.columns.iter().enumerate().filter(|(_, column)| column.before == number);
            columns.extend(here.map(|(index, _)| Column::Category(index)));
            columns.extend((number < numbers).then_some(Column::Number(number)));
        }
        let named = model.header.training.as_ref().is_some_and(|training| !training.columns.is_empty());
        let label = |index: usize| match &categories.columns[index].name {
            // The index of a column without a name.
            name if !named && name.parse::<usize>().is_ok() => format!("c{name}"),
            name => name.clone(),
        };
        let names = data_names(model, header).map(|names| {
            let name = |column: &Column| match *column {
                Column::Number(number) => names[number].clone(),
                Column::Category(index) => label(index),
            };
            columns.iter().map(name).collect::<Vec<_>>()
        });
        let out = targets.open_mixed(index, columns.len(), names.as_deref())?;
        let wide = F::DTYPE == "f64" || !(map.offsets.is_empty() && map.discrete.is_empty() && map.subspace.is_none());
        Ok(Self { out, columns, categories: categories.clone(), map, wide })
    }

    /// Whether the reader of standard output has closed it.
    pub(crate) fn is_closed(&self) -> bool {
        self.out.is_closed()
    }

    /// Writes whole rows of features with their codes.
    pub(crate) fn write<F: Real>(&mut self, rows: ArrayView2<'_, F>, codes: ArrayView2<'_, u32>) -> Result<()> {
        let numbers = self.map.columns(rows);
        let Self { out, columns, categories, wide, .. } = self;
        out.write(numbers.len_of(Axis(0)), |row, column| match columns[column] {
            Column::Number(number) if *wide => MixedCell::Double(numbers[[row, number]]),
            Column::Number(number) => MixedCell::Single(numbers[[row, number]] as f32),
            Column::Category(index) => {
                MixedCell::Label(&categories.columns[index].labels[codes[[row, index]] as usize])
            }
        })
    }

    /// Completes the rows. A file appears only now.
    pub(crate) fn finish(self) -> Result<()> {
        self.out.finish()
    }
}
