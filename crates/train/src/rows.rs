//! Training rows, in memory or in a file that is larger than it.

use ndarray::{Array2, ArrayView2, Axis};
use pdmap_core::{Real, check};
use xxhash_rust::xxh3::Xxh3;

use crate::{FileRows, TrainError};

/// Rows that one visit of a pass sees: the block over which sums run, the same in memory and in a file.
pub(crate) const BLOCK: usize = 4096;

/// Where training rows are.
#[derive(Debug)]
pub enum Rows<'a, F> {
    /// In memory, `[rows, features]`.
    Memory(ArrayView2<'a, F>),
    /// In a file, read through a bounded buffer.
    File(&'a FileRows),
}

impl<'a, F> Clone for Rows<'a, F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<'a, F> Copy for Rows<'a, F> {}

impl<'a, F> From<ArrayView2<'a, F>> for Rows<'a, F> {
    fn from(rows: ArrayView2<'a, F>) -> Self {
        Self::Memory(rows)
    }
}

impl<'a, F> From<&'a Array2<F>> for Rows<'a, F> {
    fn from(rows: &'a Array2<F>) -> Self {
        Self::Memory(rows.view())
    }
}

impl<'a, F> From<&'a FileRows> for Rows<'a, F> {
    fn from(rows: &'a FileRows) -> Self {
        Self::File(rows)
    }
}

impl<F: Real> Rows<'_, F> {
    /// How many rows.
    pub fn count(&self) -> u64 {
        match self {
            Self::Memory(rows) => rows.nrows() as u64,
            Self::File(rows) => rows.count(),
        }
    }

    /// Features a row.
    pub fn features(&self) -> usize {
        match self {
            Self::Memory(rows) => rows.ncols(),
            Self::File(rows) => rows.features(),
        }
    }

    /// Shows all rows in their order, in blocks of 4096 (the last may be shorter).
    ///
    /// # Errors
    /// What `visit` says; a file that cannot be read.
    pub fn pass(
        &self,
        visit: &mut dyn FnMut(ArrayView2<'_, F>) -> Result<(), TrainError>,
    ) -> Result<(), TrainError> {
        match self {
            Self::Memory(rows) => rows.axis_chunks_iter(Axis(0), BLOCK).try_for_each(visit),
            Self::File(rows) => rows.pass(BLOCK, visit),
        }
    }

    /// Up to `count` rows, evenly spaced.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn sample(&self, count: usize) -> Result<Array2<F>, TrainError> {
        let (all, count) = (self.count(), (count as u64).min(self.count()));
        let chosen = (0..count).map(|index| (u128::from(index) * u128::from(all) / u128::from(count)) as u64);
        match self {
            Self::Memory(rows) => {
                Ok(rows.select(Axis(0), &chosen.map(|row| row as usize).collect::<Vec<_>>()))
            }
            Self::File(rows) => rows.gather(&rows.in_file(chosen)),
        }
    }

    /// A hash of all numbers in their order: whether these are the rows that a checkpoint was made with. They must be finite; `what` is what
    /// an error calls them.
    ///
    /// # Errors
    /// [`LayerError::NonFinite`](pdmap_core::LayerError::NonFinite); a file that cannot be read.
    pub fn fingerprint(&self, what: &'static str) -> Result<u64, TrainError> {
        let mut hash = Xxh3::new();
        hash.update(F::DTYPE.as_bytes());
        hash.update(&(self.features() as u64).to_le_bytes());
        self.finite(what, |block| hash_numbers(&mut hash, block.iter()))?;
        Ok(hash.digest())
    }

    /// Sees that all numbers are finite, and shows them.
    pub(crate) fn finite(
        &self,
        what: &'static str,
        mut show: impl FnMut(ArrayView2<'_, F>),
    ) -> Result<(), TrainError> {
        let mut first = 0;
        self.pass(&mut |block| {
            check::finite(what, block.reborrow()).map_err(|error| error.below(first))?;
            first += block.nrows();
            show(block);
            Ok(())
        })
    }
}

/// Adds numbers to a hash, a few thousand bytes at a time.
pub(crate) fn hash_numbers<'a, F: Real>(hash: &mut Xxh3, numbers: impl Iterator<Item = &'a F>) {
    let mut bytes = Vec::with_capacity(8 * BLOCK);
    for number in numbers {
        bytes.extend_from_slice(&number.f64().to_le_bytes());
        if bytes.len() == bytes.capacity() {
            hash.update(&bytes);
            bytes.clear();
        }
    }
    hash.update(&bytes);
}
