//! The maps of the columns.

use ndarray::{Array1, Array2, ArrayView2, Axis};
use pdmap_core::{Chain, LayerExt, ParametricExt, Real, check};

use crate::error::Result;

/// An increasing map of each column.
#[derive(Debug, Clone)]
pub(crate) struct Maps<F: Real> {
    chain: Chain<F>,
    /// A row of the domain, and its codes: they stand in for columns that a question leaves out.
    inside: Array1<F>,
    codes_inside: Array1<F>,
}

/// Codes of cells, and the logarithms of the slopes of their maps.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Codes {
    pub(crate) z: Array2<f64>,
    pub(crate) log_slopes: Array2<f64>,
}

impl<F: Real> Maps<F> {
    /// Layers that map column by column, and codes of a row of the domain.
    pub(crate) fn new(chain: Chain<F>, codes_inside: Array1<F>) -> Result<Self> {
        let (x, _) = chain.untransform(codes_inside.view().insert_axis(Axis(0)))?;
        Ok(Self { chain, inside: x.row(0).to_owned(), codes_inside })
    }

    /// Columns of a row.
    pub(crate) fn columns(&self) -> usize {
        self.inside.len()
    }

    /// Codes and slopes of rows with missing cells, which are NaN: so are their codes, and their slopes
    /// count for nothing.
    pub(crate) fn codes_observed(&self, rows: ArrayView2<'_, F>) -> Result<Codes> {
        let mut whole = rows.to_owned();
        for mut row in whole.rows_mut() {
            let cells = row.iter_mut().zip(&self.inside).filter(|(cell, _)| cell.is_nan());
            cells.for_each(|(cell, &inside)| *cell = inside);
        }
        let Codes { mut z, mut log_slopes } = self.codes(whole.view())?;
        for (at, _) in rows.indexed_iter().filter(|(_, cell)| cell.is_nan()) {
            (z[at], log_slopes[at]) = (f64::NAN, 0.0);
        }
        Ok(Codes { z, log_slopes })
    }

    /// Codes and slopes of the cells of some columns.
    pub(crate) fn codes_of(&self, columns: &[usize], cells: ArrayView2<'_, F>) -> Result<Codes> {
        check::features("cells", columns.len(), cells.ncols())?;
        let mut whole = Array2::from_shape_fn((cells.nrows(), self.columns()), |(_, column)| self.inside[column]);
        for (&column, cells) in columns.iter().zip(cells.columns()) {
            whole.column_mut(column).assign(&cells);
        }
        let Codes { z, log_slopes } = self.codes(whole.view())?;
        Ok(Codes { z: z.select(Axis(1), columns), log_slopes: log_slopes.select(Axis(1), columns) })
    }

    /// Codes and slopes of whole rows. Since a layer is linear in `∂/∂y`, two backward passes that differ in
    /// its sign give the slope of each cell by itself.
    fn codes(&self, rows: ArrayView2<'_, F>) -> Result<Codes> {
        let mut grads = self.chain.new_grads();
        let mut pass = |sign: F| self.chain.differentiate(rows.reborrow(), |z| z.mapv(|_| sign), &mut grads);
        let ((z, up), (_, down)) = (pass(F::one())?, pass(-F::one())?);
        let log_slopes = Array2::from_shape_fn(rows.dim(), |at| (0.5 * (up[at].f64() - down[at].f64())).ln());
        Ok(Codes { z: z.mapv(F::f64), log_slopes })
    }

    /// The cells of some columns with these codes.
    pub(crate) fn decode(&self, columns: &[usize], codes: ArrayView2<'_, f64>) -> Result<Array2<F>> {
        let mut whole = Array2::from_shape_fn((codes.nrows(), self.columns()), |(_, column)| self.codes_inside[column]);
        for (&column, codes) in columns.iter().zip(codes.columns()) {
            whole.column_mut(column).zip_mut_with(&codes, |cell, &code| *cell = F::of(code));
        }
        let (x, _) = self.chain.untransform(whole.view())?;
        Ok(x.select(Axis(1), columns))
    }
}
