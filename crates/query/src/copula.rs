//! A monotone map of each column, then a Gaussian mixture.

use std::any::Any;

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use pdmap_core::{Chain, Flow, LayerError, LayerExt, ParametricExt, Real, check};
use pdmap_mixture::{Conditional, Gaussian, GaussianMixture, GaussianMixtureBase, MixtureError, PrecisionFactor};

use crate::columnwise::is_columnwise;
use crate::density::Density;
use crate::error::{QueryError, Result};

/// `log p(x) = log p_mixture(g_1(x_1), …, g_D(x_D)) + Σ_j log g_j'(x_j)` in nats, with an increasing map
/// `g_j` of each column: a flow whose marginals and conditionals have closed forms, since those of the
/// mixture have.
///
/// ```text
/// log p(x_A)       = log p_mixture(z_A) + Σ_{j ∈ A} log g_j'(x_j),   z = g(x)
/// log p(x_A | x_B) = log p(x_A, x_B) − log p(x_B)
/// ```
#[derive(Debug, Clone)]
pub struct Copula<F: Real> {
    chain: Chain<F>,
    mixture: GaussianMixture,
    /// A row of the domain, and its codes: they stand in for columns that a question leaves out.
    inside: (Array1<F>, Array1<F>),
}

/// Codes of cells, and the logarithms of the slopes of their maps.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Codes {
    pub(crate) z: Array2<f64>,
    pub(crate) log_slopes: Array2<f64>,
}

impl<F: Real> Copula<F> {
    /// The parts of a flow: one that maps column by column, on a Gaussian mixture or on a normal density.
    ///
    /// # Errors
    /// [`QueryError::Mixes`], [`QueryError::Base`], [`QueryError::Conditional`] for other flows.
    pub fn of(flow: &Flow<F>) -> Result<Self> {
        let conditions = flow.conditions();
        if conditions > 0 {
            return Err(QueryError::Conditional { conditions });
        }
        let mixes = flow.chain().specs().into_iter().enumerate().find(|(_, spec)| !is_columnwise(spec));
        if let Some((index, spec)) = mixes {
            return Err(QueryError::Mixes { index, kind: spec.kind });
        }
        let base: &dyn Any = flow.base();
        let mixture = match base.downcast_ref::<GaussianMixtureBase<F>>() {
            Some(base) => base.mixture().map_err(LayerError::from)?,
            None if flow.base().spec().kind == "normal" => {
                let columns = flow.features();
                let factor = PrecisionFactor::Diagonal(Array1::ones(columns));
                GaussianMixture::of_one(Gaussian::new(Array1::zeros(columns), factor)?)
            }
            None => return Err(QueryError::Base { kind: flow.base().spec().kind }),
        };
        // The mean of the heaviest component is a code of the domain.
        let weights = mixture.log_weights().iter().enumerate();
        let heaviest = weights.max_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(index, _)| index);
        let z = mixture.components()[heaviest].mean().mapv(F::of);
        let chain = flow.chain().clone();
        let (x, _) = chain.untransform(z.view().insert_axis(Axis(0)))?;
        Ok(Self { chain, mixture, inside: (x.row(0).to_owned(), z) })
    }

    /// Columns of a row.
    pub fn columns(&self) -> usize {
        self.inside.0.len()
    }

    /// The density of the codes.
    pub fn mixture(&self) -> &GaussianMixture {
        &self.mixture
    }

    /// The density of some of the columns, the others integrated out, in the order given.
    ///
    /// # Errors
    /// A column that does not exist or is named twice.
    pub fn marginal(&self, columns: &[usize]) -> Result<Density<'_, F>> {
        Ok(Density::new(self, columns.to_vec(), self.mixture.marginal(columns)?))
    }

    /// The densities of the other columns, in their order, for any values of the `given` ones.
    ///
    /// # Errors
    /// A column that does not exist or is named twice.
    pub fn given(&self, given: &[usize]) -> Result<Given<'_, F>> {
        Ok(Given { copula: self, given: given.to_vec(), conditional: self.mixture.given(given)? })
    }

    /// `log p(x_A | x_B)` of each row in nats, for rows of the columns `A` and of the columns `B`.
    ///
    /// # Errors
    /// Columns that do not exist or are named twice, in one or in both; numbers of rows that differ;
    /// cells outside the domain of the model.
    pub fn log_conditional(
        &self,
        (columns, x): (&[usize], ArrayView2<'_, F>),
        (given, y): (&[usize], ArrayView2<'_, F>),
    ) -> Result<Vec<f64>> {
        check::shape("given cells", (x.nrows(), given.len()), y.dim())?;
        let both: Vec<usize> = columns.iter().chain(given).copied().collect();
        check::features("cells", columns.len(), x.ncols())?;
        let joined = Array2::from_shape_fn((x.nrows(), both.len()), |(row, at)| match at.checked_sub(columns.len()) {
            None => x[[row, at]],
            Some(at) => y[[row, at]],
        });
        let joint = self.marginal(&both)?.log_density(joined.view())?;
        let of_given = self.marginal(given)?.log_density(y)?;
        Ok(joint.iter().zip(of_given).map(|(joint, given)| joint - given).collect())
    }

    /// `log p` of the cells of each row that are there, in nats: missing cells, which are NaN, are
    /// integrated out. A row without any cell has 0.
    ///
    /// # Errors
    /// Rows of another number of columns; cells outside the domain of the model.
    pub fn log_density_observed(&self, rows: ArrayView2<'_, F>) -> Result<Vec<f64>> {
        check::features("rows", self.columns(), rows.ncols())?;
        let mut whole = rows.to_owned();
        for mut row in whole.rows_mut() {
            let cells = row.iter_mut().zip(&self.inside.0).filter(|(cell, _)| cell.is_nan());
            cells.for_each(|(cell, &inside)| *cell = inside);
        }
        let Codes { mut z, log_slopes } = self.codes(whole.view())?;
        let mut slopes = vec![0.0; rows.nrows()];
        for ((row, column), cell) in rows.indexed_iter() {
            if cell.is_nan() {
                z[[row, column]] = f64::NAN;
            } else {
                slopes[row] += log_slopes[[row, column]];
            }
        }
        let codes = self.mixture.log_density_observed(z.view())?;
        Ok(codes.iter().zip(slopes).map(|(code, slope)| code + slope).collect())
    }

    /// Codes and slopes of the cells of some columns.
    pub(crate) fn codes_of(&self, columns: &[usize], cells: ArrayView2<'_, F>) -> Result<Codes> {
        check::features("cells", columns.len(), cells.ncols())?;
        let mut whole = Array2::from_shape_fn((cells.nrows(), self.columns()), |(_, column)| self.inside.0[column]);
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
        let mut whole = Array2::from_shape_fn((codes.nrows(), self.columns()), |(_, column)| self.inside.1[column]);
        for (&column, codes) in columns.iter().zip(codes.columns()) {
            whole.column_mut(column).zip_mut_with(&codes, |cell, &code| *cell = F::of(code));
        }
        let (x, _) = self.chain.untransform(whole.view())?;
        Ok(x.select(Axis(1), columns))
    }
}

/// `p(x_a | x_b)` for any values of the given columns `b`: factorized once.
#[derive(Debug, Clone)]
pub struct Given<'c, F: Real> {
    copula: &'c Copula<F>,
    given: Vec<usize>,
    conditional: Conditional,
}

impl<'c, F: Real> Given<'c, F> {
    /// The other columns `a`, in the order of those of the densities.
    pub fn columns(&self) -> &[usize] {
        self.conditional.columns()
    }

    /// The density of the other columns where the given ones have these values.
    ///
    /// # Errors
    /// Another number of values; values outside the domain of the model.
    pub fn at(&self, values: ArrayView1<'_, F>) -> Result<Density<'c, F>> {
        let (expected, actual) = (self.given.len(), values.len());
        if expected != actual {
            return Err(MixtureError::Count { what: "values of the given columns", expected, actual }.into());
        }
        let codes = self.copula.codes_of(&self.given, values.insert_axis(Axis(0)))?;
        let mixture = self.conditional.at(codes.z.row(0))?;
        Ok(Density::new(self.copula, self.columns().to_vec(), mixture))
    }
}
