//! Reads tables that are stored column by column, Parquet and Arrow IPC, in blocks of rows.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::read_rows::ReadRows;
use crate::arrow::ArrowSource;
use crate::column_report::ColumnReport;
use crate::columnar::{
    Columnar, Data, Fault, Field, Kind, Selection, Values, fill, pandas_index, row_name, select, select_labels,
};
use crate::element::Element;
use crate::error::{DataError, Hint, Place, excerpt};
use crate::parquet::ParquetFile;
use crate::text::TextOptions;

/// Rows that are decoded at a time.
const CHUNK: usize = 1 << 12;

/// Rows of a table that is stored column by column.
pub(crate) struct ColumnarRows {
    name: String,
    path: PathBuf,
    table: Box<dyn Columnar>,
    selection: Selection,
    /// What the features stand for, then the row names.
    kinds: Vec<Kind>,
    /// Decoded values of one column.
    values: Values,
    /// Rows returned so far.
    given: u64,
    /// The row names of the last block.
    ids: Vec<String>,
}

/// Selects columns of a table with this index of pandas, format and number of rows.
type Choose<'a> = &'a dyn Fn(&[Field], &[usize], (&'static str, Option<u64>)) -> Result<Selection, DataError>;

impl ColumnarRows {
    /// Opens a Parquet file, which is not a pipe.
    ///
    /// # Errors
    /// [`DataError::Io`], [`DataError::BadTable`], [`DataError::NotNumeric`], those about the
    /// selection of columns, and [`DataError::TooFewRows`] for no rows.
    pub(crate) fn of_parquet(path: &Path, file: File, options: &TextOptions) -> Result<Self, DataError> {
        Self::parquet(path, ParquetFile::open(path, file)?, &|fields, index, about| {
            select(path, fields, index, options, about)
        })
    }

    /// Opens a regular file of Arrow IPC.
    ///
    /// # Errors
    /// As [`of_parquet`](Self::of_parquet).
    pub(crate) fn of_arrow_file(path: &Path, file: File, options: &TextOptions) -> Result<Self, DataError> {
        Self::arrow(path, ArrowSource::open(path, file)?, &|fields, index, about| {
            select(path, fields, index, options, about)
        })
    }

    /// Opens a stream of Arrow IPC, of which `head` was read.
    ///
    /// # Errors
    /// As [`of_parquet`](Self::of_parquet).
    pub(crate) fn of_arrow_stream(
        path: &Path,
        head: Vec<u8>,
        rest: Box<dyn Read + Send>,
        options: &TextOptions,
    ) -> Result<Self, DataError> {
        Self::arrow(path, ArrowSource::of_stream(path, head, rest)?, &|fields, index, about| {
            select(path, fields, index, options, about)
        })
    }

    /// Opens the one column of labels of a file, as row names without features.
    ///
    /// # Errors
    /// As [`of_parquet`](Self::of_parquet); [`DataError::FeatureMismatch`] for more than one column.
    pub(crate) fn of_labels(path: &Path, file: File, parquet: bool, options: &TextOptions) -> Result<Self, DataError> {
        let choose: Choose<'_> = &|fields, index, about| select_labels(path, fields, index, options, about);
        if parquet {
            Self::parquet(path, ParquetFile::open(path, file)?, choose)
        } else {
            Self::arrow(path, ArrowSource::open(path, file)?, choose)
        }
    }

    fn parquet(path: &Path, file: ParquetFile, choose: Choose<'_>) -> Result<Self, DataError> {
        let fields = file.fields();
        let selection = choose(&fields, &pandas_index(&fields, file.pandas()), ("Parquet", Some(file.rows())))?;
        let table = file.table(path, &selection.needed())?;
        Self::new(path, Box::new(table), selection, &fields)
    }

    fn arrow(path: &Path, source: ArrowSource, choose: Choose<'_>) -> Result<Self, DataError> {
        let fields = source.fields();
        let selection = choose(&fields, &pandas_index(&fields, source.pandas()), (source.format, None))?;
        let table = source.table(path, &selection.needed())?;
        Self::new(path, Box::new(table), selection, &fields)
    }

    fn new(
        path: &Path,
        mut table: Box<dyn Columnar>,
        selection: Selection,
        fields: &[Field],
    ) -> Result<Self, DataError> {
        let name = path.display().to_string();
        if table.available()? == 0 {
            return Err(DataError::TooFewRows { name, expected: 1, actual: 0 });
        }
        let kinds = selection.needed().into_iter().filter_map(|column| fields.get(column)).map(|field| field.kind);
        Ok(Self {
            name,
            path: path.to_path_buf(),
            kinds: kinds.collect(),
            table,
            selection,
            values: Values::new(Data::Real(Vec::new())),
            given: 0,
            ids: Vec::new(),
        })
    }

    /// Appends the next `count` rows, no more than are available.
    fn append<F: Element>(&mut self, count: usize, block: &mut Vec<F>) -> Result<(), DataError> {
        let features = self.selection.taken.len();
        let (start, more) = (block.len(), count.saturating_mul(features));
        let rows = start / features.max(1) + count;
        block.try_reserve(more).map_err(|_| DataError::TooLarge { rows, features })?;
        block.resize(start + more, F::zero());
        let mut first: Option<(usize, usize, Fault)> = None;
        for (slot, &kind) in self.kinds.iter().enumerate() {
            self.table.read(slot, count, &mut self.values)?;
            if slot == features {
                self.ids.extend((0..count).map(|row| row_name(&self.values, kind, row)));
            } else if let Some((row, fault)) =
                fill(&self.values, (kind, self.selection.missing), &mut block[start..], (slot, features))
            {
                // The first one in the order of rows, whatever the size of a block.
                if first.as_ref().is_none_or(|&(earlier, ..)| row < earlier) {
                    first = Some((row, slot, fault));
                }
            }
        }
        if let Some((row, slot, fault)) = first {
            return Err(self.refused::<F>(self.given + row as u64, slot, fault));
        }
        self.table.consume(count);
        self.given += count as u64;
        Ok(())
    }

    /// The error for a value that is not a number.
    fn refused<F: Element>(&self, row: u64, slot: usize, fault: Fault) -> DataError {
        let path = self.path.clone();
        let column = self.selection.taken.get(slot).copied().unwrap_or_default();
        let header = self.selection.columns.get(slot).map(|name| excerpt(name));
        let place = Place { line: None, row, column, header };
        match fault {
            Fault::Null => DataError::MissingCell { path, place, text: "null".to_owned() },
            Fault::Inexact(value) => DataError::InexactInteger { path, place, value, hint: Hint::SelectOthers },
            Fault::Infinite(text) => DataError::InfiniteCell { path, place, text, bits: 8 * size_of::<F>() },
            Fault::NotNumeric => {
                let name = self.selection.columns.get(slot).cloned().unwrap_or_default();
                let words = self.kinds.get(slot).map_or("nothing", |kind| kind.words());
                DataError::NotNumeric { path, columns: vec![(column, name, words)] }
            }
        }
    }

    /// The place of the name of row 0.
    pub(crate) fn first_name(&self) -> Place {
        let (column, name) = self.selection.id.as_ref().map_or((0, ""), |(column, name)| (*column, name));
        Place { line: None, row: 0, column, header: Some(excerpt(name)) }
    }

    /// The names of all remaining rows, block by block, without their features.
    ///
    /// # Errors
    /// Those of [`ReadRows::read`].
    pub(crate) fn next_names(&mut self) -> Result<Option<&[String]>, DataError> {
        self.ids.clear();
        let count = self.table.available()?.min(CHUNK);
        if let (Some(slot), true) = (self.kinds.len().checked_sub(1), count > 0) {
            self.table.read(slot, count, &mut self.values)?;
            self.ids.extend((0..count).map(|row| row_name(&self.values, self.kinds[slot], row)));
            self.table.consume(count);
        }
        self.given += count as u64;
        Ok((count > 0).then_some(&self.ids))
    }
}

impl<F: Element> ReadRows<F> for ColumnarRows {
    fn name(&self) -> &str {
        &self.name
    }

    fn features(&self) -> usize {
        self.selection.taken.len()
    }

    fn rows(&self) -> Option<u64> {
        self.table.rows()
    }

    fn columns(&self) -> Option<&[String]> {
        Some(&self.selection.columns)
    }

    fn all_columns(&self) -> Option<&[String]> {
        Some(&self.selection.named)
    }

    fn id_column(&self) -> Option<&str> {
        self.selection.id.as_ref().map(|(_, name)| name.as_str())
    }

    fn ids(&self) -> &[String] {
        &self.ids
    }

    fn column_report(&self) -> Option<&ColumnReport> {
        Some(&self.selection.report)
    }

    fn read(&mut self, limit: usize, block: &mut Vec<F>) -> Result<usize, DataError> {
        block.clear();
        self.ids.clear();
        let mut count = 0;
        while count < limit {
            let now = self.table.available()?.min(limit - count).min(CHUNK);
            if now == 0 {
                break;
            }
            self.append(now, block)?;
            count += now;
        }
        // The end of the file is checked with its last row.
        if count > 0 {
            self.table.available()?;
        }
        Ok(count)
    }
}
