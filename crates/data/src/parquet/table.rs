//! The rows of a Parquet file, row group by row group.

use std::path::{Path, PathBuf};

use super::column::ColumnChunk;
use super::leaf::Leaf;
use crate::columnar::{Codec, Columnar, Outcome, Part, Values, bad};
use crate::error::DataError;

/// The name of the format in messages.
pub(super) const FORMAT: &str = "Parquet";

/// Bytes of memory that all columns hold at most: their pages and dictionaries.
const LARGEST: u64 = 4 << 30;

/// Selected columns of a file. Memory is bounded by one page and the dictionary of each column.
pub(crate) struct ParquetTable {
    path: PathBuf,
    /// The columns: their names, and how they are stored.
    leaves: Vec<(String, Leaf)>,
    /// The row groups that have not been opened: their rows, and the pages of their columns.
    groups: std::vec::IntoIter<(usize, Vec<(Codec, Part)>)>,
    rows: u64,
    columns: Vec<ColumnChunk>,
    /// Bytes of memory that the columns hold.
    held: u64,
    /// Rows left of the current row group.
    left: usize,
}

impl ParquetTable {
    pub(super) fn new(
        path: &Path,
        leaves: Vec<(String, Leaf)>,
        groups: Vec<(usize, Vec<(Codec, Part)>)>,
        rows: u64,
    ) -> Self {
        let groups = groups.into_iter();
        Self { path: path.to_path_buf(), leaves, groups, rows, columns: Vec::new(), held: 0, left: 0 }
    }

    fn next(&mut self, column: usize, count: usize, values: &mut Values) -> Outcome<()> {
        let Some(column) = self.columns.get_mut(column) else { return bad("a column that was not selected") };
        values.restart(column.empty());
        let before = column.held();
        let read = column.read(count, values);
        self.held = self.held - before + column.held();
        if self.held > LARGEST {
            return bad(format!("the pages of all columns take more than {LARGEST} bytes; select fewer columns"));
        }
        read
    }
}

impl Columnar for ParquetTable {
    fn rows(&self) -> Option<u64> {
        Some(self.rows)
    }

    fn available(&mut self) -> Result<usize, DataError> {
        if self.left == 0
            && let Some((rows, parts)) = self.groups.next()
        {
            let open = |(&(_, leaf), (codec, part))| ColumnChunk::new(leaf, codec, part, rows);
            self.columns = self.leaves.iter().zip(parts).map(open).collect();
            self.held = 0;
            self.left = rows;
        }
        Ok(self.left)
    }

    fn read(&mut self, column: usize, count: usize, values: &mut Values) -> Result<(), DataError> {
        self.next(column, count, values).map_err(|problem| {
            let name = self.leaves.get(column).map_or("", |(name, _)| name);
            problem.of_column(name).at(&self.path, FORMAT)
        })
    }

    fn consume(&mut self, count: usize) {
        self.left = self.left.saturating_sub(count);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::leaf::Physical;
    use super::*;
    use crate::columnar::Kind;

    #[test]
    fn the_pages_of_all_columns_count_together() {
        // The header of a page of 16 bytes with two integers, and the page.
        let header = [0x15, 0, 0x15, 32, 0x15, 32, 0x2c, 0x15, 4, 0x15, 0, 0x15, 6, 0x15, 6, 0, 0];
        let page = Part::of_memory([&header[..], &[0; 16]].concat());
        let leaf = Leaf { physical: Physical::I64, kind: Kind::Number, optional: false };
        let leaves = ["a", "b"].map(|name| (name.to_owned(), leaf)).to_vec();
        let group = (2, vec![(Codec::Plain, page); 2]);
        let mut table = ParquetTable::new(Path::new("t"), leaves, vec![group.clone(), group], 4);
        let mut values = leaf.empty();
        table.available().unwrap();
        table.read(0, 1, &mut values).unwrap();
        let one = table.held;
        assert!(one >= 32);
        table.read(0, 1, &mut values).unwrap();
        table.read(1, 2, &mut values).unwrap();
        assert_eq!(table.held, 2 * one);
        table.consume(2);
        table.available().unwrap();
        assert_eq!(table.held, 0);
        table.held = LARGEST - one;
        table.read(0, 2, &mut values).unwrap();
        let error = table.read(1, 2, &mut values).unwrap_err().to_string();
        assert!(error.contains("column \"b\": the pages of all columns take more than 4294967296 bytes"), "{error}");
    }
}
