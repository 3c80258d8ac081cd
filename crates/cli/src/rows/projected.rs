//! Rows of a table with dependent columns, as coordinates in their subspace.

use ndarray::{ArrayView1, ArrayViewMut1};
use pdmap_core::Real;
use pdmap_data::{DataError, MapRow, MappedRows, ReadRows};
use pdmap_train::Subspace;

/// Maps rows to their coordinates. Rows off the subspace are an error, or become NaN.
#[derive(Debug)]
pub(super) struct Projection {
    subspace: Subspace,
    marks_outside: bool,
}

/// The coordinates of the rows of a reader, named `u0`, `u1`, ….
///
/// # Errors
/// [`DataError::FeatureMismatch`] for rows of another number of columns.
pub(super) fn projected(
    reader: Box<dyn ReadRows<f64>>,
    subspace: &Subspace,
    marks_outside: bool,
) -> Result<MappedRows<f64, Projection>, DataError> {
    let (expected, actual) = (subspace.columns(), reader.features());
    if expected != actual {
        return Err(DataError::FeatureMismatch { name: reader.name().to_owned(), expected, actual });
    }
    let names = coordinates(subspace.rank());
    Ok(MappedRows::by(reader, Projection { subspace: subspace.clone(), marks_outside }, Some(names)))
}

/// The names of coordinates.
pub(super) fn coordinates(rank: usize) -> Vec<String> {
    (0..rank).map(|index| format!("u{index}")).collect()
}

impl<F: Real> MapRow<f64, F> for Projection {
    fn features(&self) -> usize {
        self.subspace.rank()
    }

    fn append(&self, row: &[f64], number: u64, name: &str, block: &mut Vec<F>) -> Result<(), DataError> {
        let (start, name) = (block.len(), || name.to_owned());
        block.resize(start + self.subspace.rank(), F::nan());
        if let Some(column) = row.iter().position(|value| !value.is_finite()) {
            let number = usize::try_from(number).unwrap_or(usize::MAX);
            return Err(DataError::NonFinite { name: name(), row: number, column, value: row[column] });
        }
        let row = ArrayView1::from(row);
        if self.subspace.holds(row) {
            self.subspace.coordinates(row, ArrayViewMut1::from(&mut block[start..]));
        } else if !self.marks_outside {
            let (distance, tolerance) = (self.subspace.distance(row), self.subspace.tolerance);
            return Err(DataError::OffSubspace { name: name(), row: number, distance, tolerance });
        }
        Ok(())
    }
}
