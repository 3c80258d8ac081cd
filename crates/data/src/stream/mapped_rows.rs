//! Rows of another reader, each mapped to features.

use std::fmt;

use super::map_row::MapRow;
use super::read_rows::ReadRows;
use super::selected_columns::SelectedColumns;
use crate::column_report::ColumnReport;
use crate::element::Element;
use crate::error::DataError;
use crate::text::TextReport;

/// Reads rows of `G` and maps each of them.
pub struct MappedRows<G: Element, M = SelectedColumns> {
    reader: Box<dyn ReadRows<G>>,
    map: M,
    /// The names of the features.
    names: Option<Vec<String>>,
    block: Vec<G>,
    /// Rows returned so far.
    given: u64,
}

impl<G: Element> MappedRows<G> {
    /// The columns `kept` of the reader, in this order, each less its offset (no offsets: 0), as
    /// [`SelectedColumns`] takes them.
    ///
    /// # Errors
    /// [`DataError::ColumnOutOfRange`] for a column that the rows do not have.
    pub fn new(reader: Box<dyn ReadRows<G>>, kept: Vec<usize>, offsets: Vec<f64>) -> Result<Self, DataError> {
        let columns = reader.features();
        if let Some(&index) = kept.iter().find(|&&column| column >= columns) {
            return Err(DataError::ColumnOutOfRange { path: reader.name().into(), index, columns });
        }
        let names = reader.columns().map(|names| kept.iter().map(|&column| names[column].clone()).collect());
        Ok(Self::by(reader, SelectedColumns::new(kept, offsets), names))
    }
}

impl<G: Element, M> MappedRows<G, M> {
    /// Rows mapped by `map` to features with these names.
    pub fn by(reader: Box<dyn ReadRows<G>>, map: M, names: Option<Vec<String>>) -> Self {
        Self { reader, map, names, block: Vec::new(), given: 0 }
    }
}

impl<F: Element, G: Element, M: MapRow<G, F>> ReadRows<F> for MappedRows<G, M> {
    fn name(&self) -> &str {
        self.reader.name()
    }

    fn features(&self) -> usize {
        self.map.features()
    }

    fn rows(&self) -> Option<u64> {
        self.reader.rows()
    }

    fn columns(&self) -> Option<&[String]> {
        self.names.as_deref()
    }

    fn all_columns(&self) -> Option<&[String]> {
        self.reader.all_columns()
    }

    fn id_column(&self) -> Option<&str> {
        self.reader.id_column()
    }

    fn ids(&self) -> &[String] {
        self.reader.ids()
    }

    fn text_report(&self) -> Option<&TextReport> {
        self.reader.text_report()
    }

    fn column_report(&self) -> Option<&ColumnReport> {
        self.reader.column_report()
    }

    fn read(&mut self, limit: usize, block: &mut Vec<F>) -> Result<usize, DataError> {
        block.clear();
        let rows = self.reader.read(limit, &mut self.block)?;
        block.reserve(rows * self.map.features());
        for row in self.block.chunks_exact(self.reader.features().max(1)) {
            self.map.append(row, self.given, self.reader.name(), block)?;
            self.given += 1;
        }
        Ok(rows)
    }
}

impl<G: Element, M: fmt::Debug> fmt::Debug for MappedRows<G, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MappedRows").field("map", &self.map).finish_non_exhaustive()
    }
}
