//! Rows of a table whose columns have bounds.

use pdmap_core::Real;
use pdmap_data::{DataError, MapRow};
use pdmap_train::{ColumnMap, Domain};

/// Selects columns and subtracts their offsets. Rows outside the bounds are an error, or become NaN.
#[derive(Debug)]
pub(super) struct Bounded {
    places: Vec<usize>,
    offsets: Vec<f64>,
    domains: Vec<Domain>,
    /// Of the features.
    names: Vec<String>,
    marks_outside: bool,
}

impl Bounded {
    /// The features at these places of a row.
    pub(super) fn new(map: &ColumnMap, places: Vec<usize>, names: Vec<String>, marks_outside: bool) -> Self {
        Self { places, offsets: map.offsets.clone(), domains: map.domains.clone(), names, marks_outside }
    }
}

impl<F: Real> MapRow<f64, F> for Bounded {
    fn features(&self) -> usize {
        self.places.len()
    }

    fn append(&self, row: &[f64], number: u64, name: &str, block: &mut Vec<F>) -> Result<(), DataError> {
        let start = block.len();
        for (feature, &place) in self.places.iter().enumerate() {
            let value = row[place];
            if self.marks_outside && !value.is_finite() {
                // It must not be taken for a mark.
                let row = usize::try_from(number).unwrap_or(usize::MAX);
                return Err(DataError::NonFinite { name: name.to_owned(), row, column: place, value });
            }
            let domain = self.domains.get(feature).copied().unwrap_or_default();
            if !domain.holds(value) {
                if !self.marks_outside {
                    let column = self.names.get(feature).cloned().unwrap_or_else(|| feature.to_string());
                    let (name, domain) = (name.to_owned(), domain.to_string());
                    return Err(DataError::OutOfBounds { name, row: number, column, value, domain });
                }
                block.truncate(start);
                block.resize(start + self.places.len(), F::nan());
                return Ok(());
            }
            block.push(F::of(value - self.offsets.get(feature).copied().unwrap_or(0.0)));
        }
        Ok(())
    }
}
