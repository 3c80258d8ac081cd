//! Rows with columns selected and shifted in `f64` before they are rounded.

use super::read_rows::ReadRows;
use crate::column_report::ColumnReport;
use crate::element::{Element, cast, widen};
use crate::error::DataError;
use crate::text::TextReport;

/// Reads rows of `G`, selects columns, subtracts an offset from each in `f64`, and only then rounds
/// to `F`: a column of times near 1.7e9 keeps its seconds in an `f32`.
pub struct MappedRows<G: Element> {
    reader: Box<dyn ReadRows<G>>,
    kept: Vec<usize>,
    offsets: Vec<f64>,
    names: Option<Vec<String>>,
    block: Vec<G>,
}

impl<G: Element> MappedRows<G> {
    /// The columns `kept` of the reader, in this order, each less its offset (no offsets: 0).
    ///
    /// # Errors
    /// [`DataError::ColumnOutOfRange`] for a column that the rows do not have.
    pub fn new(reader: Box<dyn ReadRows<G>>, kept: Vec<usize>, mut offsets: Vec<f64>) -> Result<Self, DataError> {
        let columns = reader.features();
        if let Some(&index) = kept.iter().find(|&&column| column >= columns) {
            return Err(DataError::ColumnOutOfRange { path: reader.name().into(), index, columns });
        }
        offsets.resize(kept.len(), 0.0);
        let names = reader.columns().map(|names| kept.iter().map(|&column| names[column].clone()).collect());
        Ok(Self { reader, kept, offsets, names, block: Vec::new() })
    }
}

impl<F: Element, G: Element> ReadRows<F> for MappedRows<G> {
    fn name(&self) -> &str {
        self.reader.name()
    }

    fn features(&self) -> usize {
        self.kept.len()
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
        block.reserve(rows * self.kept.len());
        for row in self.block.chunks_exact(self.reader.features().max(1)) {
            block.extend(
                self.kept.iter().zip(&self.offsets).map(|(&column, offset)| cast::<F>(widen(row[column]) - offset)),
            );
        }
        Ok(rows)
    }
}

impl<G: Element> std::fmt::Debug for MappedRows<G> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MappedRows").field("kept", &self.kept).field("offsets", &self.offsets).finish_non_exhaustive()
    }
}
