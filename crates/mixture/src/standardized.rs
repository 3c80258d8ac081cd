//! Rows in the coordinates that fits work in.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use pdmap_core::{LayerError, check};

use crate::error::{MixtureError, Result};
use crate::mixture::GaussianMixture;
use crate::weighted::{WeightedRows, add_products};

/// Rows with mean 0 and variance 1 in each column, which count as often as their weights say. A fit
/// in these coordinates is equivariant: it does not depend on the units of the columns.
#[derive(Debug, Clone)]
pub struct Standardized {
    rows: Array2<f64>,
    mean: Array1<f64>,
    deviation: Array1<f64>,
    /// Whether cells are missing, which are NaN.
    missing: bool,
    /// How often each row counts.
    weights: Option<Vec<f64>>,
}

/// Standard deviations below so many roundings of the largest number of a column are rounding.
const ROUNDINGS: f64 = 64.0;

impl Standardized {
    /// Standardizes rows `[rows, columns]`.
    ///
    /// # Errors
    /// No rows; rows that are not finite; [`MixtureError::ConstantColumn`].
    pub fn new<'a>(rows: impl Into<WeightedRows<'a>>) -> Result<Self> {
        let rows = rows.into();
        check::finite("rows", rows.rows)?;
        Self::observed(rows)
    }

    /// Standardizes rows with missing cells, which are NaN, by the observed cells of each column.
    ///
    /// # Errors
    /// No rows; infinite cells; [`MixtureError::ConstantColumn`], also for a column without any cell,
    /// whose value is NaN then.
    pub fn observed<'a>(rows: impl Into<WeightedRows<'a>>) -> Result<Self> {
        let WeightedRows { rows, weights } = rows.into();
        check::weights(rows.nrows(), weights)?;
        let missing = not_infinite(rows.reborrow())?;
        let (count, columns) = rows.dim();
        if count == 0 || columns == 0 {
            return Err(MixtureError::NoRows);
        }
        let mut own = rows.as_standard_layout().into_owned();
        // The cells that count, and how often.
        let there = |column: ArrayView1<'_, f64>| -> Vec<(f64, f64)> {
            let cells = column.iter().enumerate().map(|(row, &x)| (x, weights.map_or(1.0, |weights| weights[row])));
            cells.filter(|(x, weight)| !x.is_nan() && *weight > 0.0).collect()
        };
        let total = |cells: &[(f64, f64)]| cells.iter().map(|(_, weight)| weight).sum::<f64>();
        let mean = Array1::from_iter(own.axis_iter(Axis(1)).map(|column| {
            let cells = there(column);
            cells.iter().map(|(x, weight)| weight * x).sum::<f64>() / total(&cells)
        }));
        own -= &mean;
        let deviation = Array1::from_iter(own.axis_iter(Axis(1)).map(|column| {
            let cells = there(column);
            let largest = cells.iter().fold(0.0_f64, |largest, (x, _)| largest.max(x.abs()));
            // The largest number first: squares of the others cannot overflow.
            let squares = cells.iter().map(|(x, weight)| weight * (x / largest).powi(2));
            let mean_square = squares.sum::<f64>() / total(&cells);
            if largest > 0.0 { largest * mean_square.sqrt() } else { 0.0 }
        }));
        for (column, (&deviation, &mean)) in deviation.iter().zip(&mean).enumerate() {
            // A mean without cells is not a number.
            if mean.is_nan() || deviation <= ROUNDINGS * f64::EPSILON * mean.abs() {
                let value = there(rows.column(column)).first().map_or(f64::NAN, |cell| cell.0);
                return Err(MixtureError::ConstantColumn { column, value, rows: count });
            }
        }
        own /= &deviation;
        Ok(Self { rows: own, mean, deviation, missing, weights: weights.map(<[f64]>::to_vec) })
    }

    /// Mean and standard deviation of each column.
    pub fn scale(&self) -> (&Array1<f64>, &Array1<f64>) {
        (&self.mean, &self.deviation)
    }

    /// Whether cells are missing.
    pub fn has_missing(&self) -> bool {
        self.missing
    }

    /// Other rows in the same coordinates.
    ///
    /// # Errors
    /// Another number of columns; rows that are not finite, but for missing cells where these rows
    /// have some.
    pub fn map(&self, rows: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
        check::features("rows", self.columns(), rows.ncols())?;
        if self.missing {
            not_infinite(rows.reborrow())?;
        } else {
            check::finite("rows", rows.reborrow())?;
        }
        Ok((&rows - &self.mean) / &self.deviation)
    }

    /// The rows, `[rows, columns]`.
    pub fn rows(&self) -> ArrayView2<'_, f64> {
        self.rows.view()
    }

    /// Number of rows.
    pub fn count(&self) -> usize {
        self.rows.nrows()
    }

    /// How often each row counts; once without weights.
    pub fn weights(&self) -> Option<&[f64]> {
        self.weights.as_deref()
    }

    /// How many rows count: the sum of the weights.
    pub fn total(&self) -> f64 {
        self.weights().map_or(self.count() as f64, |weights| weights.iter().sum())
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.rows.ncols()
    }

    /// The correlations of the columns, of rows without missing cells.
    pub fn correlations(&self) -> Array2<f64> {
        let mut sum = Array2::zeros((self.columns(), self.columns()));
        let added = add_products(1.0 / self.total(), self.rows(), self.weights(), sum.view_mut());
        debug_assert!(added.is_ok(), "{added:?}");
        sum
    }

    /// A mixture of these coordinates in those of the rows.
    ///
    /// # Errors
    /// Another number of columns.
    pub fn restore(&self, mixture: &GaussianMixture) -> Result<GaussianMixture> {
        check::features("mixture", self.columns(), mixture.columns())?;
        mixture.rescaled(self.mean.view(), self.deviation.view())
    }

    /// A mixture of the coordinates of the rows in these: the inverse of [`restore`](Self::restore).
    ///
    /// # Errors
    /// Another number of columns.
    pub fn standardize(&self, mixture: &GaussianMixture) -> Result<GaussianMixture> {
        check::features("mixture", self.columns(), mixture.columns())?;
        let (offset, scale) = (-&self.mean / &self.deviation, self.deviation.mapv(|deviation| 1.0 / deviation));
        mixture.rescaled(offset.view(), scale.view())
    }

    /// `Σ log deviation`: the log-density of a row in these coordinates is larger by this than in
    /// those of the rows, in nats.
    pub fn log_volume(&self) -> f64 {
        self.deviation.iter().map(|deviation| deviation.ln()).sum()
    }
}

/// Refuses infinite cells. Whether cells are missing.
pub(crate) fn not_infinite(rows: ArrayView2<'_, f64>) -> Result<bool> {
    match rows.indexed_iter().find(|(_, cell)| cell.is_infinite()) {
        Some(((row, column), &value)) => Err(LayerError::NonFinite { what: "rows", row, column, value }.into()),
        None => Ok(rows.iter().any(|cell| cell.is_nan())),
    }
}
