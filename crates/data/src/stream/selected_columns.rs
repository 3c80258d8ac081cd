//! Columns selected and shifted in `f64` before they are rounded.

use super::map_row::MapRow;
use crate::element::{Element, cast, widen};
use crate::error::DataError;

/// Selects columns, subtracts an offset from each in `f64`, and only then rounds: a column of times
/// near 1.7e9 keeps its seconds in an `f32`.
#[derive(Debug, Clone)]
pub struct SelectedColumns {
    kept: Vec<usize>,
    offsets: Vec<f64>,
}

impl SelectedColumns {
    pub(super) fn new(kept: Vec<usize>, mut offsets: Vec<f64>) -> Self {
        offsets.resize(kept.len(), 0.0);
        Self { kept, offsets }
    }
}

impl<F: Element, G: Element> MapRow<G, F> for SelectedColumns {
    fn features(&self) -> usize {
        self.kept.len()
    }

    fn append(&self, row: &[G], _: u64, _: &str, block: &mut Vec<F>) -> Result<(), DataError> {
        let pairs = self.kept.iter().zip(&self.offsets);
        block.extend(pairs.map(|(&column, offset)| cast::<F>(widen(row[column]) - offset)));
        Ok(())
    }
}
