//! The density of some columns.

use ndarray::{Array2, ArrayView2, Axis};
use pdmap_core::Real;
use pdmap_mixture::{GaussianMixture, MixtureError};
use rand::Rng;

use crate::column::Column;
use crate::error::Result;
use crate::maps::{Codes, Maps};

/// The density of some columns of a [`Copula`](crate::Copula), the others integrated out or given.
#[derive(Debug, Clone)]
pub struct Density<'c, F: Real> {
    maps: &'c Maps<F>,
    columns: Vec<usize>,
    /// Of the codes of these columns.
    mixture: GaussianMixture,
}

impl<'c, F: Real> Density<'c, F> {
    pub(crate) fn new(maps: &'c Maps<F>, columns: Vec<usize>, mixture: GaussianMixture) -> Self {
        Self { maps, columns, mixture }
    }

    /// The columns of the model that this is a density of.
    pub fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// Of the codes of these columns.
    pub(crate) fn mixture(&self) -> &GaussianMixture {
        &self.mixture
    }

    /// The cells with these codes.
    pub(crate) fn decode(&self, codes: ArrayView2<'_, f64>) -> Result<Array2<F>> {
        self.maps.decode(&self.columns, codes)
    }

    /// The sum of the log-slopes of the maps of each row of cells.
    pub(crate) fn log_slopes(&self, cells: ArrayView2<'_, F>) -> Result<Vec<f64>> {
        Ok(self.maps.codes_of(&self.columns, cells)?.log_slopes.sum_axis(Axis(1)).to_vec())
    }

    /// `log p` of rows of these columns, in nats.
    ///
    /// # Errors
    /// Rows of another number of columns; cells outside the domain of the model.
    pub fn log_density(&self, cells: ArrayView2<'_, F>) -> Result<Vec<f64>> {
        let Codes { z, log_slopes } = self.maps.codes_of(&self.columns, cells)?;
        let of_codes = match self.columns.is_empty() {
            true => vec![0.0; z.nrows()],
            false => self.mixture.log_density(z.view())?,
        };
        Ok(of_codes.iter().zip(log_slopes.sum_axis(Axis(1))).map(|(code, slope)| code + slope).collect())
    }

    /// Draws `count` rows of these columns.
    ///
    /// # Errors
    /// None for a model that can be inverted at its samples.
    pub fn sample(&self, count: usize, rng: &mut dyn Rng) -> Result<Array2<F>> {
        let (codes, _) = self.mixture.sample(count, rng)?;
        self.maps.decode(&self.columns, codes.view())
    }

    /// The density of one of these columns, the others integrated out.
    ///
    /// # Errors
    /// A column that is none of these.
    pub fn column(&self, column: usize) -> Result<Column<'c, F>> {
        let place = self.columns.iter().position(|&own| own == column);
        let place = place.ok_or(MixtureError::Column { column, columns: self.maps.columns() })?;
        Ok(Column::new(self.maps, column, &self.mixture.marginal(&[place])?))
    }
}
