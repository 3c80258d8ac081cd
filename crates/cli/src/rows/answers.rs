//! What answers questions about some of the columns of a model.

use std::ops::RangeInclusive;
use std::path::Path;

use anyhow::Result;
use ndarray::{Array2, Axis, Slice};
use pdmap_core::{LayerError, Real};
use pdmap_query::{Approximate, ApproximateOptions, Copula, Estimate, QueryError};
use pdmap_train::Model;

use super::partial::{copula, refused};
use crate::terminal::exit::BadInput;

/// Numbers of draws for each row.
const DRAWS: RangeInclusive<u32> = 100..=1_000_000;

/// A closed form, or importance sampling where the user asks for it.
pub(crate) enum Answers<'m, F: Real> {
    Closed(Copula<F>),
    Sampled(Approximate<'m, F>),
}

impl<'m, F: Real> Answers<'m, F> {
    /// Of a model: in closed form without `draws`.
    ///
    /// # Errors
    /// [`BadInput`] for a model without closed form, which names the flag that helps; for one that has it, and
    /// draws.
    pub(crate) fn of(model: &'m Model<F>, path: &Path, draws: Option<u32>, seed: u64) -> Result<Self> {
        let closed = Copula::of(&model.flow);
        let refuse = |message: String| Err(BadInput(format!("{}: {message}", path.display())).into());
        match (draws, closed) {
            (None, Err(error @ (QueryError::Mixes { .. } | QueryError::Base { .. }))) => {
                refuse(format!("{error}; --approximate estimates them by importance sampling"))
            }
            (None, _) => Ok(Self::Closed(copula(model, path)?)),
            (Some(draws), _) if !DRAWS.contains(&draws) => {
                refuse(format!("--approximate {draws}: from {} to {} draws", DRAWS.start(), DRAWS.end()))
            }
            (Some(_), Ok(_)) => refuse("--approximate: the model has closed forms, which are exact".to_owned()),
            (Some(_), _) if model.header.columns.subspace.is_some() => {
                refuse("a model of reduced rank has no marginals of single columns".to_owned())
            }
            (Some(draws), Err(_)) => {
                let options = ApproximateOptions { draws: draws as usize, seed };
                Ok(Self::Sampled(Approximate::of(&model.flow, options).map_err(|error| refused(path, &error))?))
            }
        }
    }

    /// `log p` of the cells that are there, given those of the given columns: `-inf` for a row
    /// outside the domain. `first` is the number of the first row.
    pub(crate) fn log_density(
        &self,
        rows: Array2<F>,
        given: &[usize],
        first: u64,
    ) -> Result<Vec<Estimate>, QueryError> {
        match self.at_once(&rows, given, first) {
            Err(QueryError::Core(LayerError::Domain { .. })) if rows.nrows() > 1 => {
                let half = rows.nrows() / 2;
                let part = |range: std::ops::Range<usize>| rows.slice_axis(Axis(0), Slice::from(range)).to_owned();
                let mut all = self.log_density(part(0..half), given, first)?;
                all.extend(self.log_density(part(half..rows.nrows()), given, first + half as u64)?);
                Ok(all)
            }
            Err(QueryError::Core(LayerError::Domain { .. })) => Ok(vec![exact(f64::NEG_INFINITY)]),
            other => other,
        }
    }

    fn at_once(&self, rows: &Array2<F>, given: &[usize], first: u64) -> Result<Vec<Estimate>, QueryError> {
        match self {
            Self::Closed(copula) => {
                let joint = copula.log_density_observed(rows.view())?;
                if given.is_empty() {
                    return Ok(joint.into_iter().map(exact).collect());
                }
                let mut condition = Array2::from_elem(rows.dim(), F::nan());
                given.iter().for_each(|&column| condition.column_mut(column).assign(&rows.column(column)));
                let alone = copula.log_density_observed(condition.view())?;
                Ok(joint.iter().zip(alone).map(|(joint, given)| exact(joint - given)).collect())
            }
            Self::Sampled(model) if given.is_empty() => model.log_density_observed(rows.view(), first),
            Self::Sampled(model) => model.log_conditional(rows.view(), given, first),
        }
    }
}

/// What is no estimate.
fn exact(log_density: f64) -> Estimate {
    Estimate { log_density, effective: f64::INFINITY, pareto_k: f64::NEG_INFINITY }
}
