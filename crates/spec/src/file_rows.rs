//! Training rows in an `.npy` file that need not fit in memory.

use std::path::{Path, PathBuf};

use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut1};
use pdmap_core::{LayerError, Real};
use pdmap_data::NpyFile;

use crate::column_map::ColumnMap;
use crate::dequantize::Dequantizer;
use crate::error::SpecError;

/// Rows of an `.npy` file, except those held out for validation or test, and the size of the buffer
/// through which training shuffles them.
#[derive(Debug)]
pub struct FileRows {
    file: NpyFile,
    path: PathBuf,
    /// Row numbers that are left out, ascending.
    excluded: Vec<u64>,
    buffer_rows: usize,
    map: ColumnMap,
    noise: Option<Dequantizer>,
}

/// Blocks of consecutive rows that a buffer holds at least: an epoch reads blocks in random order.
const BLOCKS_A_BUFFER: usize = 16;

/// Rows of a buffer and blocks of a file are numbered with 32 bits.
const MOST: u64 = u32::MAX as u64;

/// Rows of a block at most.
const BLOCK_ROWS: usize = 4096;

impl FileRows {
    /// All rows of a file except `excluded`; training holds up to `buffer_rows` of them in memory.
    ///
    /// # Errors
    /// Those of [`NpyFile::open`].
    pub fn open(path: &Path, mut excluded: Vec<u64>, buffer_rows: usize) -> Result<Self, SpecError> {
        let file = NpyFile::open(path)?;
        excluded.sort_unstable();
        excluded.dedup();
        excluded.retain(|&row| row < file.rows());
        let buffer_rows = buffer_rows.clamp(BLOCKS_A_BUFFER, MOST as usize);
        let (path, map) = (path.to_owned(), ColumnMap::default());
        let rows = Self { file, path, excluded, buffer_rows, map, noise: None };
        match rows.blocks() {
            blocks if blocks <= MOST => Ok(rows),
            actual => Err(SpecError::TooManyRows { what: "blocks of the file", limit: MOST, actual }),
        }
    }

    /// The same rows, with this selection and these offsets of columns.
    #[must_use]
    pub fn mapped(self, map: ColumnMap) -> Self {
        Self { map, ..self }
    }

    /// The same rows with noise on discrete features, which [`Rows`](crate::Rows) and training add.
    #[must_use]
    pub fn dequantized(self, noise: Option<Dequantizer>) -> Self {
        Self { noise, ..self }
    }

    /// The noise of discrete features.
    pub(crate) fn noise(&self) -> Option<&Dequantizer> {
        self.noise.as_ref()
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The number of rows.
    pub fn count(&self) -> u64 {
        self.file.rows() - self.excluded.len() as u64
    }

    /// Features a row.
    pub fn features(&self) -> usize {
        self.map.features_of(self.file.features())
    }

    /// Rows that training holds in memory at most.
    pub fn buffer_rows(&self) -> usize {
        self.buffer_rows
    }

    /// Rows of a block, in the file.
    fn block_rows(&self) -> u64 {
        (self.buffer_rows / BLOCKS_A_BUFFER).clamp(1, BLOCK_ROWS) as u64
    }

    /// Blocks of the file.
    pub fn blocks(&self) -> u64 {
        self.file.rows().div_ceil(self.block_rows())
    }

    /// Blocks of a buffer.
    pub fn blocks_a_buffer(&self) -> usize {
        (self.buffer_rows as u64 / self.block_rows()).max(1) as usize
    }

    /// Rows of a block that are not excluded.
    pub fn rows_of_block(&self, block: u64) -> u64 {
        let (from, to) = self.range(block);
        (to - from) - (self.excluded_before(to) - self.excluded_before(from))
    }

    /// Appends the rows of a block to `rows`, without noise.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn read_block<F: Real>(&self, block: u64, scratch: &mut Vec<F>, rows: &mut Vec<F>) -> Result<(), SpecError> {
        let (from, to) = self.range(block);
        self.read(from, to, scratch, rows)
    }

    fn range(&self, block: u64) -> (u64, u64) {
        let from = block * self.block_rows();
        (from, (from + self.block_rows()).min(self.file.rows()))
    }

    fn excluded_before(&self, row: u64) -> u64 {
        self.excluded.partition_point(|&excluded| excluded < row) as u64
    }

    fn read<F: Real>(&self, from: u64, to: u64, scratch: &mut Vec<F>, rows: &mut Vec<F>) -> Result<(), SpecError> {
        let features = self.features();
        scratch.resize((to - from) as usize * features, F::zero());
        self.read_mapped(from, scratch)?;
        let mut excluded = self.excluded[self.excluded_before(from) as usize..].iter().peekable();
        for (row, values) in (from..to).zip(scratch.chunks_exact(features.max(1))) {
            if excluded.next_if(|&&next| next == row).is_none() {
                rows.extend_from_slice(values);
            }
        }
        Ok(())
    }

    /// Reads the features of whole rows from row `from` on.
    fn read_mapped<F: Real>(&self, from: u64, to: &mut [F]) -> Result<(), SpecError> {
        if self.map.is_identity() {
            return Ok(self.file.read_at(from, to)?);
        }
        let features = self.features().max(1);
        let mut rows = vec![0.0; to.len() / features * self.file.features()];
        self.file.read_at(from, &mut rows)?;
        for (row, to) in rows.chunks_exact(self.file.features()).zip(to.chunks_exact_mut(features)) {
            self.map.map_row(ArrayView1::from(row), &mut ArrayViewMut1::from(to));
        }
        Ok(())
    }

    /// File row numbers of rows that are numbered, ascending, without the excluded ones.
    pub(crate) fn in_file(&self, rows: impl Iterator<Item = u64>) -> Vec<u64> {
        let mut passed = 0;
        rows.map(|row| {
            while self.excluded.get(passed).is_some_and(|&excluded| excluded <= row + passed as u64) {
                passed += 1;
            }
            row + passed as u64
        })
        .collect()
    }

    /// The rows of the file with these numbers, excluded or not, without noise.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn gather<F: Real>(&self, rows: &[u64]) -> Result<Array2<F>, SpecError> {
        let mut gathered = Array2::zeros((rows.len(), self.features()));
        for (&row, mut to) in rows.iter().zip(gathered.rows_mut()) {
            if let Some(to) = to.as_slice_mut() {
                self.read_mapped(row, to)?;
            }
        }
        Ok(gathered)
    }

    /// Visits all rows in order, in blocks of `block` rows (the last may be shorter).
    pub(crate) fn pass<F: Real>(
        &self,
        block: usize,
        visit: &mut dyn FnMut(ArrayView2<'_, F>) -> Result<(), SpecError>,
    ) -> Result<(), SpecError> {
        let features = self.features();
        let (mut scratch, mut rows) = (Vec::new(), Vec::new());
        let mut show = |rows: &[F]| {
            let view = ArrayView2::from_shape((rows.len() / features.max(1), features), rows);
            visit(view.map_err(|_| LayerError::NoFeatures)?)
        };
        for index in 0..self.blocks() {
            self.read_block(index, &mut scratch, &mut rows)?;
            let mut shown = 0;
            while rows.len() - shown >= block * features {
                show(&rows[shown..shown + block * features])?;
                shown += block * features;
            }
            rows.drain(..shown);
        }
        if rows.is_empty() { Ok(()) } else { show(&rows) }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_in_blocks_of_a_sixteenth_of_the_buffer() {
        for (buffer, kept, block, blocks, in_buffer) in
            [(16, 16, 1, 300, 16), (3, 16, 1, 300, 16), (64, 64, 4, 75, 16), (1 << 20, 1 << 20, 4096, 1, 256)]
        {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("x.npy");
            pdmap_data::write_npy(&path, &Array2::from_shape_fn((300, 2), |(i, _)| i as f64)).unwrap();
            let file = FileRows::open(&path, vec![0, 5, 299, 300, 7000], buffer).unwrap();
            assert_eq!(file.path(), path);
            assert_eq!((file.buffer_rows(), file.count()), (kept, 297));
            assert_eq!((file.block_rows(), file.blocks(), file.blocks_a_buffer()), (block, blocks, in_buffer));
            let counted: u64 = (0..blocks).map(|block| file.rows_of_block(block)).sum();
            assert_eq!(counted, 297);
            assert_eq!(file.in_file([0, 3, 4, 296].into_iter()), [1, 4, 6, 298]);
            assert_eq!(file.gather::<f64>(&[299, 5]).unwrap(), ndarray::array![[299.0, 299.0], [5.0, 5.0]]);
        }
    }
}
