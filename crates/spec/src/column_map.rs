//! From the columns of a table to the features of a model.

use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut1};
use pdmap_core::Real;
use pdmap_layers::preprocess::Domain;
use serde::{Deserialize, Serialize};

use crate::dequantize::{self, DiscreteFeature};
use crate::error::SpecError;
use crate::subspace::Subspace;

/// Which columns of a table are features, and what is subtracted from each in `f64` before it is
/// rounded to the model's precision.
///
/// A column near 1.7e9 (seconds of a time) has steps of 128 in `f32`. Less its offset, it keeps its
/// digits. A shift has `log|det| = 0`, so log-likelihoods are those of the unshifted table.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnMap {
    /// Columns of the table; 0 if all of them are features.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub of: usize,
    /// The columns that are features, ascending; empty if all are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<usize>,
    /// The number subtracted from each feature; empty if all are 0.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offsets: Vec<f64>,
    /// The discrete features, in units of the table. Training adds uniform noise of one step to them
    /// ([`Dequantizer`](crate::Dequantizer)); samples are rounded to their grids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub discrete: Vec<DiscreteFeature>,
    /// The values that each feature can have, in units of the table; empty if all are real. The
    /// density of other rows is 0, and samples are inside.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub domains: Vec<Domain>,
    /// Where the rows lie, if their columns depend on each other: the features are the coordinates in
    /// this subspace, and there are no other selections, offsets or grids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subspace: Option<Subspace>,
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(value: &usize) -> bool {
    *value == 0
}

/// A column gets an offset if its distance from 0 exceeds this multiple of its standard deviation:
/// beyond it, an `f32` loses more than six bits of what varies.
const FAR: f64 = 64.0;

impl ColumnMap {
    /// Whether there is nothing to record: all columns are features, as they are.
    pub fn is_identity(&self) -> bool {
        self.takes_rows_as_they_are() && self.discrete.is_empty() && self.domains.is_empty()
    }

    /// Whether nothing is selected and nothing subtracted.
    pub fn takes_rows_as_they_are(&self) -> bool {
        self.kept.is_empty() && self.offsets.is_empty() && self.subspace.is_none()
    }

    /// The map for a model in precision `F` of columns with these sums: offsets for features far from
    /// 0, rounded to the first digit of the standard deviation so that they are short; none in `f64`.
    #[must_use]
    pub fn with_offsets<F: Real>(self, sums: &ColumnSums) -> Self {
        if F::EPS < f64::from(f32::EPSILON) || self.subspace.is_some() {
            return self;
        }
        let all = sums.offsets();
        let offsets = if self.kept.is_empty() { all } else { self.kept.iter().map(|&column| all[column]).collect() };
        let none = offsets.iter().all(|&offset| offset == 0.0);
        Self { offsets: if none { vec![] } else { offsets }, ..self }
    }

    /// The values that the features can have, as the layers of a model see them: less the offsets, and
    /// with room for the noise of discrete ones. Empty if all are real.
    pub fn feature_domains(&self) -> Vec<Domain> {
        let of = |(feature, &domain): (usize, &Domain)| {
            let grid = self.discrete.iter().find(|discrete| discrete.feature == feature);
            let wide = grid.map_or(domain, |grid| domain.around_grid(grid.step, grid.origin));
            wide.shifted(self.offsets.get(feature).copied().unwrap_or(0.0))
        };
        self.domains.iter().enumerate().map(of).collect()
    }

    /// The first feature of a row of a table that has a value outside its domain, with the value.
    pub fn outside(&self, row: ArrayView1<'_, f64>) -> Option<(usize, f64)> {
        let selects = self.selects(row.len());
        let value = |feature: usize| row.get(if selects { self.kept[feature] } else { feature }).copied();
        let of =
            |(feature, domain): (usize, &Domain)| value(feature).filter(|&x| !domain.holds(x)).map(|x| (feature, x));
        self.domains.iter().enumerate().find_map(of)
    }

    /// The features of rows of a table, in precision `F`. Rows that have only the features are taken
    /// as they are.
    pub fn features<F: Real>(&self, rows: ArrayView2<'_, f64>) -> Array2<F> {
        if self.takes_rows_as_they_are() {
            return rows.mapv(F::of);
        }
        let mut mapped = Array2::zeros((rows.nrows(), self.features_of(rows.ncols())));
        for (from, mut to) in rows.rows().into_iter().zip(mapped.rows_mut()) {
            self.map_row(from, &mut to);
        }
        mapped
    }

    /// Features of rows of so many columns.
    pub fn features_of(&self, columns: usize) -> usize {
        match &self.subspace {
            Some(subspace) => subspace.rank(),
            None if self.selects(columns) => self.kept.len(),
            None => columns,
        }
    }

    /// Columns that [`columns`](Self::columns) gives for so many features.
    pub fn columns_of(&self, features: usize) -> usize {
        self.subspace.as_ref().map_or(features, Subspace::columns)
    }

    /// The features of one row.
    pub(crate) fn map_row<F: Real>(&self, row: ArrayView1<'_, f64>, features: &mut ArrayViewMut1<'_, F>) {
        if let Some(subspace) = &self.subspace {
            return subspace.coordinates(row, features.view_mut());
        }
        let selects = self.selects(row.len());
        for (index, feature) in features.iter_mut().enumerate() {
            let value = row[if selects { self.kept[index] } else { index }];
            *feature = F::of(value - self.offsets.get(index).copied().unwrap_or(0.0));
        }
    }

    /// Whether rows of so many columns are a whole table, of which some columns are features.
    fn selects(&self, columns: usize) -> bool {
        !self.kept.is_empty() && columns == self.of
    }

    /// Features as they stand in the table, discrete ones rounded to their grids, bounded ones inside
    /// their bounds: the inverse of
    /// [`features`](Self::features), except that columns left out stay out.
    pub fn columns<F: Real>(&self, features: ArrayView2<'_, F>) -> Array2<f64> {
        if let Some(subspace) = &self.subspace {
            return subspace.rows(features);
        }
        let mut columns = features.mapv(F::f64);
        for mut row in columns.rows_mut() {
            row.iter_mut().zip(&self.offsets).for_each(|(value, offset)| *value += offset);
            dequantize::round(&self.discrete, row.view_mut());
            row.iter_mut().zip(&self.domains).for_each(|(value, domain)| *value = domain.nearest(*value));
        }
        columns
    }

    /// Whether every row lies in the subspace, and has its columns.
    ///
    /// # Errors
    /// [`SpecError::OffSubspace`]; [`SpecError::Columns`](SpecError) for rows of another width.
    pub(crate) fn check_rows(&self, rows: ArrayView2<'_, f64>) -> Result<(), SpecError> {
        let Some(subspace) = &self.subspace else { return Ok(()) };
        let (expected, actual) = (subspace.columns(), rows.ncols());
        if expected != actual {
            return Err(pdmap_core::LayerError::Features { what: "rows", expected, actual }.into());
        }
        match rows.rows().into_iter().position(|row| !subspace.holds(row)) {
            None => Ok(()),
            Some(row) => {
                let (distance, tolerance) = (subspace.distance(rows.row(row)), subspace.tolerance);
                Err(SpecError::OffSubspace { row, distance, tolerance })
            }
        }
    }

    /// Whether the parts agree with each other and with a model of so many features.
    pub(crate) fn check(&self, features: usize) -> Result<(), String> {
        let (kept, offsets) = (self.kept.len(), self.offsets.len());
        if let Some(subspace) = &self.subspace {
            if kept + offsets + self.discrete.len() + self.domains.len() > 0 {
                return Err("a subspace beside selected, shifted, discrete or bounded columns".into());
            }
            return subspace.check(features);
        }
        let ascending = self.kept.is_sorted_by(|a, b| a < b) && self.kept.last().is_none_or(|&last| last < self.of);
        if kept > 0 && (kept != features || !ascending) {
            return Err(format!("{kept} of {} columns selected for {features} features", self.of));
        }
        if offsets > 0 && (offsets != features || self.offsets.iter().any(|offset| !offset.is_finite())) {
            return Err(format!("{offsets} finite offsets expected for {features} features"));
        }
        if !self.domains.is_empty() && self.domains.len() != features {
            return Err(format!("{} domains for {features} features", self.domains.len()));
        }
        self.domains.iter().try_for_each(|domain| domain.validate()).map_err(|error| error.to_string())?;
        dequantize::check(&self.discrete, features)
    }
}

/// Means and variances of columns, over rows in blocks (Welford's update). Missing cells, which are
/// NaN, do not count.
#[derive(Debug, Clone)]
pub struct ColumnSums {
    /// Cells, mean and sum of squared deviations of each column.
    moments: Vec<(f64, f64, f64)>,
}

impl ColumnSums {
    /// No rows yet.
    pub fn new(columns: usize) -> Self {
        Self { moments: vec![(0.0, 0.0, 0.0); columns] }
    }

    /// The sums over these rows.
    pub fn of(rows: ArrayView2<'_, f64>) -> Self {
        let mut sums = Self::new(rows.ncols());
        sums.add(rows);
        sums
    }

    /// Adds the rows of a block.
    pub fn add(&mut self, block: ArrayView2<'_, f64>) {
        for row in block.rows() {
            let cells = self.moments.iter_mut().zip(row).filter(|(_, value)| !value.is_nan());
            for ((count, mean, squares), &value) in cells {
                *count += 1.0;
                let from_old = value - *mean;
                *mean += from_old / *count;
                *squares += from_old * (value - *mean);
            }
        }
    }

    fn offsets(&self) -> Vec<f64> {
        self.moments.iter().map(|&(count, mean, squares)| offset(mean, (squares / count.max(1.0)).sqrt())).collect()
    }
}

/// The offset of one column.
fn offset(mean: f64, deviation: f64) -> f64 {
    if !(mean.abs() > FAR * deviation && mean.is_finite()) {
        return 0.0;
    }
    // A power of ten near the deviation, so that the offset is a short number.
    let unit = 10f64.powf(deviation.log10().floor());
    let rounded = (mean / unit).round() * unit;
    if rounded.is_finite() { rounded } else { mean }
}

#[cfg(test)]
#[allow(clippy::float_cmp)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn only_columns_far_from_zero_are_shifted_and_keep_their_digits_in_f32() {
        let rows = array![[1.7e9 + 1.0, 3.0, -5e6], [1.7e9 + 2.0, 4.0, -5e6 - 0.25], [1.7e9 + 4.0, 9.0, -5e6 + 0.5]];
        let map = ColumnMap::default().with_offsets::<f32>(&ColumnSums::of(rows.view()));
        assert_eq!((map.offsets[0], map.offsets[1], map.offsets[2]), (1.7e9 + 2.0, 0.0, -5e6 + 0.1));
        let features: Array2<f32> = map.features(rows.view());
        assert_eq!(features.column(0).to_vec(), [-1.0, 0.0, 2.0]);
        assert_eq!(features.column(1).to_vec(), [3.0, 4.0, 9.0]);
        let back = map.columns(features.view());
        assert!((&back - &rows).iter().all(|d| d.abs() < 1e-6), "{back}");
        // What a plain conversion does.
        assert_ne!(f64::from(rows[[0, 0]] as f32), rows[[0, 0]]);
        assert!(ColumnMap::default().with_offsets::<f64>(&ColumnSums::of(rows.view())).is_identity());
    }

    #[test]
    fn columns_are_selected_unless_only_features_are_given() {
        let map = ColumnMap { of: 3, kept: vec![0, 2], ..ColumnMap::default() };
        assert_eq!(map.features::<f64>(array![[1.0, 2.0, 3.0]].view()), array![[1.0, 3.0]]);
        assert_eq!(map.features::<f64>(array![[1.0, 3.0]].view()), array![[1.0, 3.0]]);
        assert!(map.check(2).is_ok() && map.check(3).is_err());
        for wrong in [vec![0, 3], vec![2, 0], vec![2, 2]] {
            assert!(ColumnMap { kept: wrong, ..map.clone() }.check(2).is_err());
        }
        // Offsets of the kept columns, not of those at their places.
        let far = array![[1e9, 1.0, 5e8], [1e9 + 1.0, 2.0, 5e8 + 1.0]];
        let shifted = map.clone().with_offsets::<f32>(&ColumnSums::of(far.view()));
        assert!(shifted.features::<f32>(far.view()).row(1).iter().all(|value| (value - 0.5).abs() < 1e-5));
        assert!(ColumnMap { offsets: vec![f64::NAN, 0.0], ..map }.check(2).is_err());
    }
}
