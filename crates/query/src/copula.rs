//! A monotone map of each column, then a Gaussian mixture.

use std::any::Any;

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use pdmap_core::{Flow, LayerError, Real, check};
use pdmap_mixture::{Conditional, Gaussian, GaussianMixture, GaussianMixtureBase, MixtureError, PrecisionFactor};

use crate::columnwise::is_columnwise;
use crate::density::Density;
use crate::error::{QueryError, Result};
use crate::maps::{Codes, Maps};

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
    maps: Maps<F>,
    mixture: GaussianMixture,
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
        Ok(Self { maps: Maps::new(flow.chain().clone(), z)?, mixture })
    }

    /// Columns of a row.
    pub fn columns(&self) -> usize {
        self.maps.columns()
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
        Ok(Density::new(&self.maps, columns.to_vec(), self.mixture.marginal(columns)?))
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
        let Codes { z, log_slopes } = self.maps.codes_observed(rows)?;
        let codes = self.mixture.log_density_observed(z.view())?;
        Ok(codes.iter().zip(log_slopes.sum_axis(Axis(1))).map(|(code, slope)| code + slope).collect())
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
        let codes = self.copula.maps.codes_of(&self.given, values.insert_axis(Axis(0)))?;
        let mixture = self.conditional.at(codes.z.row(0))?;
        Ok(Density::new(&self.copula.maps, self.columns().to_vec(), mixture))
    }
}
