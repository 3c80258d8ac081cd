//! Writes features of a model as the columns of its table.

use anyhow::Result;
use ndarray::ArrayView2;
use pdmap_core::Real;
use pdmap_data::RowShape;
use pdmap_train::ColumnMap;

use super::targets::{As, RowsOut, Targets};

/// A writer of rows in data space: in the model's precision, or, where columns have offsets, grids or
/// bounds, in `f64`, since the numbers would not keep their digits otherwise.
#[derive(Debug)]
pub(crate) struct Restored<F> {
    plain: Option<RowsOut<F>>,
    shifted: Option<RowsOut<f64>>,
    map: ColumnMap,
    features: usize,
}

impl<F: Real> Restored<F> {
    /// Opens the destination with this index for rows of `features`, which `map` gave.
    pub(crate) fn open<const N: usize>(
        targets: &Targets<N>,
        index: usize,
        (features, map): (usize, ColumnMap),
        as_what: &As<'_>,
    ) -> Result<Self> {
        let shape = RowShape::Matrix { features: map.columns_of(features) };
        let (mut plain, mut shifted) = (None, None);
        if map.offsets.is_empty() && map.discrete.is_empty() && map.domains.is_empty() && map.subspace.is_none() {
            plain = Some(targets.open::<F>(index, shape, as_what)?);
        } else {
            shifted = Some(targets.open::<f64>(index, shape, as_what)?);
        }
        Ok(Self { plain, shifted, map, features })
    }

    /// Whether the reader of standard output has closed it.
    pub(crate) fn is_closed(&self) -> bool {
        self.plain.as_ref().is_some_and(RowsOut::is_closed) || self.shifted.as_ref().is_some_and(RowsOut::is_closed)
    }

    /// Writes whole rows of features, each after its name, if any.
    pub(crate) fn write(&mut self, ids: Option<&[String]>, values: &[F]) -> Result<()> {
        if let Some(plain) = &mut self.plain {
            plain.write(ids, values)?;
        }
        if let Some(shifted) = &mut self.shifted {
            let rows = ArrayView2::from_shape((values.len() / self.features, self.features), values)?;
            let columns = self.map.columns(rows);
            shifted.write(ids, columns.as_slice().unwrap_or_default())?;
        }
        Ok(())
    }

    /// Completes the rows. A file appears only now.
    pub(crate) fn finish(self) -> Result<()> {
        self.plain.map_or(Ok(()), RowsOut::finish)?;
        self.shifted.map_or(Ok(()), RowsOut::finish)
    }
}
