//! Rows of a table in memory, in either precision.

use std::ops::Range;

use ndarray::{Array2, ArrayView2, Axis, CowArray, Ix2};
use pdmap_core::{Evaluator, Real, check};

use crate::column_map::ColumnMap;

/// Rows of a table `[rows, columns]` in memory, in either precision.
#[derive(Debug, Clone)]
pub enum TableRows<'a> {
    /// Single precision.
    F32(ArrayView2<'a, f32>),
    /// Double precision.
    F64(ArrayView2<'a, f64>),
}

impl<'a> From<ArrayView2<'a, f32>> for TableRows<'a> {
    fn from(rows: ArrayView2<'a, f32>) -> Self {
        Self::F32(rows)
    }
}

impl<'a> From<ArrayView2<'a, f64>> for TableRows<'a> {
    fn from(rows: ArrayView2<'a, f64>) -> Self {
        Self::F64(rows)
    }
}

/// A precision whose rows are taken as they are.
pub trait Precision: Real {
    /// The rows, if they have it.
    fn own<'a>(rows: &TableRows<'a>) -> Option<ArrayView2<'a, Self>>;
}

impl Precision for f32 {
    fn own<'a>(rows: &TableRows<'a>) -> Option<ArrayView2<'a, Self>> {
        if let TableRows::F32(rows) = rows { Some(*rows) } else { None }
    }
}

impl Precision for f64 {
    fn own<'a>(rows: &TableRows<'a>) -> Option<ArrayView2<'a, Self>> {
        if let TableRows::F64(rows) = rows { Some(*rows) } else { None }
    }
}

/// Approximate size of a block in bytes: its rows and their scores.
const BLOCK: usize = 1 << 22;

/// Rows of a block of rows of so many features. A multiple of the rows that are evaluated together, so
/// that blocks give the same bits as all rows at once; at least enough for all threads.
pub fn block_rows<F: Real>(features: usize) -> usize {
    let row = features.saturating_mul(size_of::<F>()).saturating_add(size_of::<f64>());
    (BLOCK / row / Evaluator::<F>::CHUNK).max(1) * Evaluator::<F>::CHUNK
}

impl<'a> TableRows<'a> {
    /// The same rows, borrowed for a shorter time.
    #[must_use]
    pub fn reborrow(&self) -> TableRows<'_> {
        match self {
            Self::F32(rows) => TableRows::F32(rows.reborrow()),
            Self::F64(rows) => TableRows::F64(rows.reborrow()),
        }
    }

    /// Rows and columns.
    pub fn dim(&self) -> (usize, usize) {
        match self {
            Self::F32(rows) => rows.dim(),
            Self::F64(rows) => rows.dim(),
        }
    }

    /// Some consecutive rows.
    #[must_use]
    pub fn part(&self, rows: Range<usize>) -> Self {
        match self {
            Self::F32(all) => Self::F32(all.split_at(Axis(0), rows.start).1.split_at(Axis(0), rows.len()).0),
            Self::F64(all) => Self::F64(all.split_at(Axis(0), rows.start).1.split_at(Axis(0), rows.len()).0),
        }
    }

    /// In double precision.
    pub fn wide(&self) -> CowArray<'a, f64, Ix2> {
        match self {
            Self::F32(rows) => rows.mapv(f64::from).into(),
            Self::F64(rows) => (*rows).into(),
        }
    }

    /// The features of the rows: as they are where the map and the precision allow. Rows off the subspace
    /// or outside the bounds of a column are NaN.
    ///
    /// # Errors
    /// Rows of another width; numbers that are not finite.
    pub(crate) fn features<F: Precision>(
        &self,
        map: &ColumnMap,
        features: usize,
    ) -> pdmap_core::Result<CowArray<'a, F, Ix2>> {
        let columns = self.dim().1;
        let expected = map.columns_of(features);
        if map.features_of(columns) != features || map.subspace.is_some() {
            check::features("rows", expected, columns)?;
        }
        if let (Some(own), true) = (F::own(self), map.takes_rows_as_they_are() && map.domains.is_empty()) {
            return Ok(own.into());
        }
        let wide = self.wide();
        check::finite("rows", wide.view())?;
        let mut mapped: Array2<F> = map.features(wide.view());
        for (row, mut to) in wide.rows().into_iter().zip(mapped.rows_mut()) {
            let off = map.subspace.as_ref().is_some_and(|subspace| !subspace.holds(row));
            if off || map.outside(row).is_some() {
                to.fill(F::nan());
            }
        }
        Ok(mapped.into())
    }
}
