//! A model fitted to rows with missing cells.

use ndarray::{Array1, ArrayView2};
use pdmap_core::group::Direction;
use pdmap_core::{Chain, Flow, Layer, Real};
use pdmap_layers::preprocess::{Domain, Domains};
use pdmap_mixture::{FactorKind, GaussianMixture, GaussianMixtureBase, MixtureError, SelectOptions, select};
use rand::Rng;

use crate::candidates::{Candidate, candidates};
use crate::copula::Copula;
use crate::error::Result;
use crate::maps::Maps;

/// A flow and how it judges the validation rows.
#[derive(Debug, Clone)]
pub struct ObservedFit<F: Real> {
    /// A map of each column on a Gaussian mixture: [`Copula::of`] has its marginals.
    pub flow: Flow<F>,
    /// The map that the validation rows chose.
    pub map: String,
    /// Mean of `log p` of the cells of the validation rows that are there, in nats a row.
    pub validation: f64,
}

/// Fits a [`Copula`] to rows with missing cells, which are NaN, by the likelihood of the cells that are there:
/// a map of each column by its own cells, then a mixture by EM (Ghahramani & Jordan 1994). This is right
/// where cells are missing at random: whether one is missing may depend on the others that are there, not
/// on its own value. The validation rows choose the maps (a standardization, an arcsinh curve or a histogram of
/// each column), the components, the form of their covariances and their shrinkage.
///
/// # Errors
/// A column without two different cells; no validation rows; infinite cells.
pub fn fit_observed<F: Real>(
    rows: ArrayView2<'_, F>,
    validation: ArrayView2<'_, F>,
    options: &SelectOptions,
    rng: &mut dyn Rng,
) -> Result<ObservedFit<F>> {
    let options = SelectOptions { missing: true, ..options.clone() };
    let mut best: Option<ObservedFit<F>> = None;
    for Candidate { name, layer } in candidates(rows, rng)? {
        let maps = Maps::new(Chain::new(vec![layer.duplicate()])?, Array1::zeros(rows.ncols()))?;
        let (train, held_out) = (maps.codes_observed(rows)?.z, maps.codes_observed(validation)?.z);
        let mixture = select(train.view(), held_out.view(), &options, rng)?.mixture;
        let flow = flow(layer, &mixture)?;
        let each = Copula::of(&flow)?.log_density_observed(validation)?;
        let validation = each.iter().sum::<f64>() / each.len() as f64;
        if best.as_ref().is_none_or(|best| validation > best.validation) {
            best = Some(ObservedFit { flow, map: name, validation });
        }
    }
    best.ok_or(MixtureError::NoRows.into())
}

/// [`fit_observed`] for columns with bounds and periods (none: all are real), whose density is 0 outside.
/// Columns are mapped to the line by their [`Domains`] first; circles are cut open where they are
/// emptiest. `rows` are those of the fit and the validation rows.
///
/// # Errors
/// As [`fit_observed`]; cells outside.
pub fn fit_observed_within<F: Real>(
    domains: &[Domain],
    (rows, validation): (ArrayView2<'_, F>, ArrayView2<'_, F>),
    options: &SelectOptions,
    rng: &mut dyn Rng,
) -> Result<ObservedFit<F>> {
    if domains.iter().all(|&domain| domain == Domain::Real) {
        return fit_observed(rows, validation, options, rng);
    }
    let front = Domains::fit(rows.reborrow(), domains, true)?;
    let (codes, held_out) = (front.codes_observed(rows)?, front.codes_observed(validation.reborrow())?);
    let ObservedFit { flow, map, .. } = fit_observed(codes.view(), held_out.view(), options, rng)?;
    let layers = [Box::new(front) as Box<dyn Layer<F>>].into_iter().chain(flow.chain().layers().to_vec());
    let flow = Flow::new(domains.len(), layers.collect(), flow.base().duplicate())?;
    // In units of the columns.
    let each = Copula::of(&flow)?.log_density_observed(validation)?;
    let validation = each.iter().sum::<f64>() / each.len() as f64;
    Ok(ObservedFit { flow, map, validation })
}

fn flow<F: Real>(layer: Box<dyn Layer<F>>, mixture: &GaussianMixture) -> Result<Flow<F>> {
    let base = GaussianMixtureBase::new(mixture, FactorKind::General, Direction::Relative)?;
    Ok(Flow::new(mixture.columns(), vec![layer], Box::new(base))?)
}
