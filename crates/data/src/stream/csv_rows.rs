//! Reads CSV text in blocks of rows.

use super::read_rows::ReadRows;
use super::table::Table;
use crate::element::{Element, cast};
use crate::error::{DataError, Hint, excerpt};
use crate::format::Stream;
use crate::text::{Cell, Shape, TextOptions, TextReport, is_missing, shape, unix_seconds};

/// Rows of a CSV text. Blank lines are skipped.
pub(crate) struct CsvRows {
    name: String,
    table: Table,
    /// For each selected column, whether it holds dates.
    dates: Vec<bool>,
    /// A number without its separators.
    buffer: String,
    /// The row names of the last block.
    ids: Vec<String>,
    /// Whether missing cells are read as NaN.
    missing: bool,
}

impl CsvRows {
    /// Reads the header row, if any, and the first row.
    pub(crate) fn open(stream: Stream<'_>, options: &TextOptions) -> Result<Self, DataError> {
        let mut table = Table::open(stream, options)?;
        let mut dates = Vec::with_capacity(table.taken.len());
        for &column in &table.taken {
            dates.push(unix_seconds(table.records.text(column)?).is_some());
        }
        let columns = table.taken.iter().zip(&dates).filter(|(_, date)| **date);
        table.report.dates = columns.map(|(&column, _)| table.described(column)).collect();
        Ok(Self { name: table.name(), table, dates, buffer: String::new(), ids: Vec::new(), missing: options.missing })
    }

    /// Appends the selected cells of the current row.
    fn append<F: Element>(&mut self, block: &mut Vec<F>) -> Result<(), DataError> {
        let Self { table, dates, buffer, missing, .. } = self;
        let features = table.taken.len();
        block.try_reserve(features).map_err(|_| DataError::TooLarge { rows: block.len() / features + 1, features })?;
        for (&column, &date) in table.taken.iter().zip(&*dates) {
            let text = table.records.text(column)?;
            let value = if date { date_cell(text) } else { table.numbers.cell(text, buffer) };
            match value {
                Cell::Number(value) => block.push(value),
                Cell::Missing if *missing => block.push(F::nan()),
                other => return Err(refused(table, column, date, other)),
            }
        }
        if let Some((column, _)) = table.id {
            self.ids.push(table.records.text(column)?.trim().to_owned());
        }
        Ok(())
    }
}

/// A date in seconds. A number among dates is text, since it may be in other units.
fn date_cell<F: Element>(text: &str) -> Cell<F> {
    match unix_seconds(text) {
        Some(seconds) => Cell::Number(cast(seconds)),
        None if is_missing(text.trim()) => Cell::Missing,
        None => Cell::Text,
    }
}

/// The error for a cell of the current row that is not a number.
fn refused<F: Element>(table: &Table, column: usize, date: bool, cell: Cell<F>) -> DataError {
    let (path, place) = (table.path.clone(), table.place(column));
    let text = match table.records.text(column) {
        Ok(text) => text.trim(),
        Err(error) => return error,
    };
    let shape = shape(text);
    let comment = column == 0 && text.starts_with('#');
    let text = excerpt(text);
    match cell {
        Cell::Missing => DataError::MissingCell { path, place, text },
        Cell::Infinite => DataError::InfiniteCell { path, place, text, bits: 8 * size_of::<F>() },
        _ if date => DataError::NotADate { path, place, text },
        // A column that starts with a word is a text column; a later word is a typo.
        _ if table.rows == 0 && shape == Shape::Other => {
            DataError::TextColumn { path, place, text, hint: Hint::SelectColumns }
        }
        _ => {
            let hint = match shape {
                _ if comment => Hint::Comment,
                Shape::Decimal(mark) => Hint::Decimal(mark),
                Shape::Either(_) => Hint::DecimalOrThousands,
                Shape::Thousands(..) => Hint::Thousands,
                _ => Hint::None,
            };
            DataError::NotANumber { path, place, text, hint }
        }
    }
}

impl<F: Element> ReadRows<F> for CsvRows {
    fn name(&self) -> &str {
        &self.name
    }

    fn features(&self) -> usize {
        self.table.taken.len()
    }

    fn rows(&self) -> Option<u64> {
        None
    }

    fn columns(&self) -> Option<&[String]> {
        self.table.columns.as_deref()
    }

    fn all_columns(&self) -> Option<&[String]> {
        self.table.named.as_deref()
    }

    fn id_column(&self) -> Option<&str> {
        self.table.id.as_ref().map(|(_, name)| name.as_str())
    }

    fn ids(&self) -> &[String] {
        &self.ids
    }

    fn text_report(&self) -> Option<&TextReport> {
        Some(&self.table.report)
    }

    fn read(&mut self, limit: usize, block: &mut Vec<F>) -> Result<usize, DataError> {
        block.clear();
        self.ids.clear();
        let mut count = 0;
        while count < limit && self.table.next()? {
            self.append(block)?;
            count += 1;
            self.table.rows += 1;
        }
        Ok(count)
    }
}
