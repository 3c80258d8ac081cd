//! The subspace in which the rows of a table with dependent columns lie.

use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut1};
use pdmap_core::linalg::symmetric_eigen;
use pdmap_core::{LayerError, Real, check};
use serde::{Deserialize, Serialize};

use crate::error::SpecError;

/// Maximum number of columns: the axes are numbers in the header of a model file.
pub(crate) const MOST_COLUMNS: usize = 1024;

/// Factor between the largest distance of a training row from its subspace, which is rounding, and
/// the distance from which on a row counts as outside.
const SLACK: f64 = 16.0;

/// Largest distance of a training row: beyond it, the rows do not lie in a subspace of this rank.
const MOST: f64 = 1e-4;

/// The affine subspace of dimension `r` in which rows `x` of `D` columns lie.
///
/// With `c` the means of the columns, `s` their standard deviations and the rows of `A` `[r, D]` the
/// first `r` principal components of the standardized columns, a row has the coordinates
///
/// ```text
/// u = A ((x − c)/s),    x = c + s ∘ (Aᵀu)
/// ```
///
/// A density of `u` is one with respect to the `r`-dimensional area of the standardized columns. Off
/// the subspace it is 0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subspace {
    /// The mean of each column.
    pub center: Vec<f64>,
    /// The standard deviation of each column; 1 for a constant one.
    pub scale: Vec<f64>,
    /// Orthonormal axes, the one with the largest variance first.
    pub axes: Vec<Vec<f64>>,
    /// The largest distance from the subspace, in standard deviations of the columns and relative to
    /// the distance from the mean where that exceeds 1, at which a row counts as lying in it.
    pub tolerance: f64,
}

impl Subspace {
    /// The subspace of dimension `rank` that holds the most variance of the standardized columns of
    /// `rows`.
    ///
    /// # Errors
    /// [`SpecError::SubspaceColumns`] for more than 1024 columns; [`SpecError::OffSubspace`] if a row
    /// does not lie in the subspace found; no rows; rows that are not finite; a rank of 0 or above the
    /// number of columns.
    pub fn fit(rows: ArrayView2<'_, f64>, rank: usize) -> Result<Self, SpecError> {
        let (count, columns) = rows.dim();
        if columns > MOST_COLUMNS {
            return Err(SpecError::SubspaceColumns { limit: MOST_COLUMNS, actual: columns });
        }
        if count == 0 {
            return Err(LayerError::NoRows.into());
        }
        if !(1..=columns).contains(&rank) {
            let (value, range) = (rank as f64, "from 1 to the number of columns");
            return Err(LayerError::Range { what: "rank", value, range }.into());
        }
        check::finite("rows", rows.reborrow())?;
        // Less the first row: the mean of a constant is then that constant.
        let first = rows.row(0);
        let mut scaled = &rows - &first;
        let (mut center, mut scale) = (Vec::with_capacity(columns), Vec::with_capacity(columns));
        for (mut column, &first) in scaled.columns_mut().into_iter().zip(&first) {
            let mean = column.sum() / count as f64;
            column.mapv_inplace(|value| value - mean);
            // Scaled first, so that no square overflows.
            let most = column.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
            let squares: f64 = column.iter().map(|value| (value / most).powi(2)).sum();
            center.push(first + mean);
            scale.push(if most > 0.0 { most * (squares / count as f64).sqrt() } else { 1.0 });
        }
        for mut row in scaled.rows_mut() {
            row.iter_mut().zip(&scale).for_each(|(value, scale)| *value /= scale);
        }
        let (_, vectors) = symmetric_eigen(scaled.t().dot(&scaled).view())?;
        let axes = vectors.columns().into_iter().take(rank).map(|axis| axis.to_vec()).collect();
        let offset = center.iter().zip(&scale).fold(0.0_f64, |most, (center, scale)| most.max(center.abs() / scale));
        let found = Self { center, scale, axes, tolerance: f64::EPSILON * (columns as f64 + offset) };
        let mut most = found.tolerance;
        for (row, at) in rows.rows().into_iter().enumerate() {
            let distance = found.distance(at);
            if distance > MOST {
                return Err(SpecError::OffSubspace { row, distance, tolerance: MOST });
            }
            most = most.max(distance);
        }
        Ok(Self { tolerance: SLACK * most, ..found })
    }

    /// Columns of the table.
    pub fn columns(&self) -> usize {
        self.center.len()
    }

    /// The dimension of the subspace.
    pub fn rank(&self) -> usize {
        self.axes.len()
    }

    /// The coordinates of a row.
    pub fn coordinates<F: Real>(&self, row: ArrayView1<'_, f64>, mut to: ArrayViewMut1<'_, F>) {
        let scaled = self.scaled(row);
        for (to, axis) in to.iter_mut().zip(&self.axes) {
            *to = F::of(dot(axis, &scaled));
        }
    }

    /// The rows with these coordinates, `[rows, columns]`.
    pub fn rows<F: Real>(&self, coordinates: ArrayView2<'_, F>) -> Array2<f64> {
        let mut rows = Array2::zeros((coordinates.nrows(), self.columns()));
        for (mut row, coordinates) in rows.rows_mut().into_iter().zip(coordinates.rows()) {
            for (axis, coordinate) in self.axes.iter().zip(&coordinates) {
                row.iter_mut().zip(axis).for_each(|(value, axis)| *value += axis * coordinate.f64());
            }
            let units = self.center.iter().zip(&self.scale);
            row.iter_mut().zip(units).for_each(|(value, (center, scale))| *value = center + scale * *value);
        }
        rows
    }

    /// The distance of a row from the subspace, in standard deviations, relative to its distance from
    /// the mean where that exceeds 1.
    pub fn distance(&self, row: ArrayView1<'_, f64>) -> f64 {
        let mut rest = self.scaled(row);
        let norm = dot(&rest, &rest).sqrt();
        for axis in &self.axes {
            let coordinate = dot(axis, &rest);
            rest.iter_mut().zip(axis).for_each(|(rest, axis)| *rest -= coordinate * axis);
        }
        dot(&rest, &rest).sqrt() / norm.max(1.0)
    }

    /// Whether a row lies in the subspace.
    pub fn holds(&self, row: ArrayView1<'_, f64>) -> bool {
        self.distance(row) <= self.tolerance
    }

    fn scaled(&self, row: ArrayView1<'_, f64>) -> Vec<f64> {
        let units = self.center.iter().zip(&self.scale);
        row.iter().zip(units).map(|(value, (center, scale))| (value - center) / scale).collect()
    }

    /// Says that a subspace from a file makes sense for a model of so many features.
    pub(crate) fn check(&self, features: usize) -> Result<(), String> {
        let (columns, rank) = (self.columns(), self.rank());
        let shape = self.scale.len() == columns && self.axes.iter().all(|axis| axis.len() == columns);
        if rank != features || rank > columns || columns > MOST_COLUMNS || !shape {
            return Err(format!("a subspace of rank {rank} in {columns} columns for {features} features"));
        }
        let positive = |value: f64| value > 0.0 && value.is_finite();
        if !self.center.iter().all(|center| center.is_finite())
            || !self.scale.iter().all(|&scale| positive(scale))
            || !positive(self.tolerance)
        {
            return Err("a subspace with means, deviations or a tolerance out of range".into());
        }
        let bound = ORTHONORMAL * f64::EPSILON * columns as f64;
        for (index, axis) in self.axes.iter().enumerate() {
            for (other, second) in self.axes[..=index].iter().enumerate() {
                let expected = if other == index { 1.0 } else { 0.0 };
                let actual = dot(axis, second);
                if actual.is_nan() || (actual - expected).abs() > bound {
                    return Err(format!("axes {other} and {index} of a subspace have the product {actual}"));
                }
            }
        }
        Ok(())
    }
}

/// Largest error of a product of two axes, in ε × columns.
const ORTHONORMAL: f64 = 64.0;

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use ndarray::Array1;

    use super::*;

    /// Four columns of units from 1e-9 to 1e9 in a plane, and a constant one.
    fn table(rows: usize) -> Array2<f64> {
        let noise = |i: usize, k: usize| ((i * i * k + 31 * i) % 1009) as f64 / 1009.0 - 0.5;
        Array2::from_shape_fn((rows, 5), |(i, column)| {
            let (a, b) = (noise(i, 7), noise(i, 13));
            [1e9 * a, 1e-9 * b, 3.0 + a - b, 1e8 + 2.0 * a, 0.1][column]
        })
    }

    #[test]
    fn rows_are_their_coordinates_in_any_units() {
        let rows = table(300);
        let plane = Subspace::fit(rows.view(), 2).unwrap();
        assert_eq!((plane.columns(), plane.rank()), (5, 2));
        plane.check(2).unwrap();
        let mut coordinates = Array2::<f64>::zeros((300, 2));
        for (row, to) in rows.rows().into_iter().zip(coordinates.rows_mut()) {
            assert!(plane.holds(row), "{}", plane.distance(row));
            plane.coordinates(row, to);
        }
        let back = plane.rows(coordinates.view());
        for ((back, row), scale) in back.columns().into_iter().zip(rows.columns()).zip(&plane.scale) {
            let worst = back.iter().zip(row).fold(0.0_f64, |worst, (a, b)| worst.max((a - b).abs()));
            assert!(worst <= plane.tolerance * scale.max(1e-6), "{worst} {scale}");
        }
        // Principal components are not correlated.
        let product = coordinates.t().dot(&coordinates);
        assert!(product[[0, 1]].abs() < 1e-9 * product[[0, 0]].max(product[[1, 1]]), "{product}");
    }

    #[test]
    fn rows_off_the_subspace_are_told_apart() {
        let rows = table(300);
        let plane = Subspace::fit(rows.view(), 2).unwrap();
        for column in 0..5 {
            let mut row: Array1<f64> = rows.row(5).to_owned();
            row[column] += 1e-3 * plane.scale[column];
            assert!(!plane.holds(row.view()), "{column}: {}", plane.distance(row.view()));
        }
        // In the plane, far away.
        let far = plane.rows(ndarray::array![[1e6, -2e6]].view());
        assert!(plane.holds(far.row(0)), "{}", plane.distance(far.row(0)));
        assert!(plane.tolerance < 1e-5, "{}", plane.tolerance);
        // One axis too few: the rows are off the line.
        assert!(matches!(Subspace::fit(rows.view(), 1), Err(SpecError::OffSubspace { .. })));
        for (rows, rank) in [(0, 1), (9, 0), (9, 6)] {
            assert!(Subspace::fit(table(rows).view(), rank).is_err(), "{rows} {rank}");
        }
    }

    #[test]
    fn subspaces_of_hostile_files_are_refused() {
        let plane = Subspace::fit(table(50).view(), 2).unwrap();
        let broken = |change: &dyn Fn(&mut Subspace)| {
            let mut changed = plane.clone();
            change(&mut changed);
            changed.check(2)
        };
        broken(&|_| ()).unwrap();
        for (index, change) in [
            &(|plane: &mut Subspace| plane.axes.truncate(1)) as &dyn Fn(&mut Subspace),
            &|plane| plane.axes[1] = plane.axes[0].clone(),
            &|plane| plane.axes[0][0] = f64::NAN,
            &|plane| plane.scale[2] = 0.0,
            &|plane| plane.scale.truncate(3),
            &|plane| plane.center[0] = f64::INFINITY,
            &|plane| plane.tolerance = f64::NAN,
        ]
        .into_iter()
        .enumerate()
        {
            assert!(broken(change).is_err(), "{index}");
        }
        let wide = Array2::<f64>::zeros((2, MOST_COLUMNS + 1));
        assert!(matches!(Subspace::fit(wide.view(), 1), Err(SpecError::SubspaceColumns { .. })));
    }
}
