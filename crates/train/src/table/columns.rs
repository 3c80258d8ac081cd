//! What the columns of the training rows are, and which of them are features.

use std::borrow::Cow;

use ndarray::{ArrayView2, CowArray, Ix2};
use pdmap_core::{LayerError, Real, check};
use pdmap_data::{DataError, Degenerate, Description, check_rows, describe};
use pdmap_spec::{ColumnMap, ColumnSums, DiscreteFeature, Precision, TableRows};

use super::config::{DiscreteColumns, TableConfig};
use crate::error::TrainError;

/// The name of rows in memory, in messages.
pub(super) const NAME: &str = "rows";

/// The columns of a table.
#[derive(Debug)]
pub(super) struct Columns {
    pub(super) map: ColumnMap,
    /// The names of the features.
    pub(super) names: Vec<String>,
    /// The names of the other columns.
    pub(super) left_out: Vec<String>,
}

impl Columns {
    /// Looks at the training rows.
    ///
    /// # Errors
    /// [`DataError::DegenerateColumns`]; another number of names than of columns; values outside their bounds;
    /// numbers that are not finite.
    pub(super) fn of<F: Real>(
        rows: &TableRows<'_>,
        names: &[String],
        config: &TableConfig,
    ) -> Result<Self, TrainError> {
        let rows = rows.wide();
        check_rows(rows.view(), NAME)?;
        let count = rows.ncols();
        if !names.is_empty() {
            check::features("names of the columns", count, names.len())?;
        }
        let described = describe(rows.view(), (!names.is_empty()).then_some(names));
        let kept = kept(&described, config.drop_degenerate)?;
        let all_kept = kept.len() == count;
        let mut map = ColumnMap::default();
        if config.discrete == DiscreteColumns::Dequantize {
            let features = kept.iter().enumerate();
            let discrete = |(feature, &column)| DiscreteFeature::of(feature, &described.columns[column]);
            map.discrete = features.filter_map(discrete).collect();
        }
        let domains = config.domains.of_columns(names, count).map_err(|reason| TrainError::Bounds { reason })?;
        if !domains.is_empty() {
            map.domains = kept.iter().map(|&column| domains[column]).collect();
        }
        let named = |columns: &mut dyn Iterator<Item = usize>| -> Vec<String> {
            if names.is_empty() { vec![] } else { columns.map(|column| names[column].clone()).collect() }
        };
        let (own, left_out) = (
            named(&mut kept.iter().copied()),
            named(&mut (0..count).filter(|column| kept.binary_search(column).is_err())),
        );
        if !all_kept {
            (map.of, map.kept) = (count, kept);
        }
        within(&map, rows.view(), &own)?;
        let map = map.with_offsets::<F>(&ColumnSums::of(rows.view()));
        Ok(Self { map, names: own, left_out })
    }

    /// The features of rows of the table; copied only where columns are left out or shifted, or rows are in
    /// another precision.
    ///
    /// # Errors
    /// Rows of another width; values outside their bounds; numbers that are not finite.
    pub(super) fn features<'a, F: Precision>(&self, rows: &TableRows<'a>) -> Result<CowArray<'a, F, Ix2>, TrainError> {
        let own = F::own(rows).filter(|_| self.map.takes_rows_as_they_are());
        if let (Some(own), true) = (own, self.map.domains.is_empty()) {
            check_rows(own.reborrow(), NAME)?;
            return Ok(own.into());
        }
        let wide = rows.wide();
        check_rows(wide.view(), NAME)?;
        within(&self.map, wide.view(), &self.names)?;
        Ok(own.map_or_else(|| self.map.features::<F>(wide.view()).into(), CowArray::from))
    }
}

/// The columns that have a density.
fn kept(described: &Description, drop: bool) -> Result<Vec<usize>, TrainError> {
    let dropped: Vec<usize> = described.degenerate.iter().map(Degenerate::column).collect();
    if !dropped.is_empty() && !drop {
        return Err(DataError::DegenerateColumns { name: NAME.to_owned(), notes: described.degenerate_notes() }.into());
    }
    let kept: Vec<usize> = (0..described.columns.len()).filter(|column| !dropped.contains(column)).collect();
    if kept.is_empty() {
        return Err(LayerError::NoFeatures.into());
    }
    Ok(kept)
}

/// Says that all rows are inside the bounds.
fn within(map: &ColumnMap, rows: ArrayView2<'_, f64>, names: &[String]) -> Result<(), TrainError> {
    if map.domains.is_empty() {
        return Ok(());
    }
    for (row, values) in rows.rows().into_iter().enumerate() {
        if let Some((feature, value)) = map.outside(values) {
            let column = names.get(feature).map_or_else(|| Cow::from(format!("x{feature}")), Cow::from);
            let (domain, row) = (map.domains[feature].to_string(), row as u64);
            return Err(DataError::OutOfBounds {
                name: NAME.to_owned(),
                row,
                column: column.into_owned(),
                value,
                domain,
            }
            .into());
        }
    }
    Ok(())
}
