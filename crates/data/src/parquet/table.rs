//! The rows of a Parquet file, row group by row group.

use std::path::{Path, PathBuf};

use super::column::ColumnChunk;
use super::leaf::Leaf;
use crate::columnar::{Codec, Columnar, Part, Values, bad};
use crate::error::DataError;

/// The name of the format in messages.
pub(super) const FORMAT: &str = "Parquet";

/// Selected columns of a file. Memory is bounded by one page of each column.
pub(crate) struct ParquetTable {
    path: PathBuf,
    leaves: Vec<Leaf>,
    /// The row groups that have not been opened: their rows, and the pages of their columns.
    groups: std::vec::IntoIter<(usize, Vec<(Codec, Part)>)>,
    rows: u64,
    columns: Vec<ColumnChunk>,
    /// Rows left of the current row group.
    left: usize,
}

impl ParquetTable {
    pub(super) fn new(path: &Path, leaves: Vec<Leaf>, groups: Vec<(usize, Vec<(Codec, Part)>)>, rows: u64) -> Self {
        let groups = groups.into_iter();
        Self { path: path.to_path_buf(), leaves, groups, rows, columns: Vec::new(), left: 0 }
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
            let open = |(&leaf, (codec, part))| ColumnChunk::new(leaf, codec, part, rows);
            self.columns = self.leaves.iter().zip(parts).map(open).collect();
            self.left = rows;
        }
        Ok(self.left)
    }

    fn read(&mut self, column: usize, count: usize, values: &mut Values) -> Result<(), DataError> {
        let read = match self.columns.get_mut(column) {
            Some(column) => {
                values.restart(column.empty());
                column.read(count, values)
            }
            None => bad("a column that was not selected"),
        };
        read.map_err(|problem| problem.at(&self.path, FORMAT))
    }

    fn consume(&mut self, count: usize) {
        self.left = self.left.saturating_sub(count);
    }
}
