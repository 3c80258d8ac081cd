//! A model fitted to rows with missing cells.

use ndarray::{Array1, ArrayView2};
use pdmap_core::group::Direction;
use pdmap_core::row_weights::mean;
use pdmap_core::{Chain, Flow, Layer, Real, RowWeights, check};
use pdmap_layers::preprocess::{Domain, Domains};
use pdmap_mixture::{
    FactorKind, GaussianMixture, GaussianMixtureBase, MixtureError, SelectOptions, WeightedRows, select,
};
use rand::Rng;

use crate::candidates::{Candidate, candidates};
use crate::copula::Copula;
use crate::error::Result;
use crate::maps::Maps;
use crate::observed_rows::ObservedRows;

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

/// Fits a [`Copula`] to rows with missing cells, which are NaN, by the likelihood of the cells that
/// are there: a map of each column by its own cells, then a mixture by EM (Ghahramani & Jordan
/// 1994). This is right where cells are missing at random: whether one is missing may depend on the
/// others that are there, not on its own value. The validation rows choose the maps (a
/// standardization, an arcsinh curve or a histogram of each column), the components, the form of
/// their covariances and their shrinkage.
///
/// # Errors
/// A column without two different cells; no validation rows; infinite cells.
pub fn fit_observed<F: Real>(
    rows: ArrayView2<'_, F>,
    validation: ArrayView2<'_, F>,
    options: &SelectOptions,
    rng: &mut dyn Rng,
) -> Result<ObservedFit<F>> {
    on_the_line(rows.into(), validation.into(), options, rng)
}

fn on_the_line<F: Real>(
    train: ObservedRows<'_, F>,
    validation: ObservedRows<'_, F>,
    options: &SelectOptions,
    rng: &mut dyn Rng,
) -> Result<ObservedFit<F>> {
    let options = SelectOptions { missing: true, ..options.clone() };
    let mut best: Option<ObservedFit<F>> = None;
    for Candidate { name, layer } in candidates(&train, rng)? {
        let maps = Maps::new(Chain::new(vec![layer.duplicate()])?, Array1::zeros(train.rows.ncols()))?;
        let codes = |of: &ObservedRows<'_, F>| maps.codes_observed(of.rows.reborrow());
        let (own, held_out) = (codes(&train)?.z, codes(&validation)?.z);
        let own = WeightedRows::new(own.view(), train.weights);
        let judges = WeightedRows::new(held_out.view(), validation.weights);
        let flow = flow(layer, &select(own, judges, &options, rng)?.mixture)?;
        let validation = judged(&flow, &validation)?;
        if best.as_ref().is_none_or(|best| validation > best.validation) {
            best = Some(ObservedFit { flow, map: name, validation });
        }
    }
    best.ok_or(MixtureError::NoRows.into())
}

/// Mean of `log p` of the cells that are there.
fn judged<F: Real>(flow: &Flow<F>, rows: &ObservedRows<'_, F>) -> Result<f64> {
    let each = Copula::of(flow)?.log_density_observed(rows.rows.reborrow())?;
    Ok(mean(&each, rows.weights.map(RowWeights::each)))
}

/// [`fit_observed`] for columns with bounds and periods (none: all are real), whose density is 0
/// outside, and rows with weights. Columns are mapped to the line by their [`Domains`] first;
/// circles are cut open where they are emptiest.
///
/// # Errors
/// As [`fit_observed`]; cells outside; other numbers of weights than of rows.
pub fn fit_observed_within<F: Real>(
    domains: &[Domain],
    (train, validation): (ObservedRows<'_, F>, ObservedRows<'_, F>),
    options: &SelectOptions,
    rng: &mut dyn Rng,
) -> Result<ObservedFit<F>> {
    let checked = |of: &ObservedRows<'_, F>| check::weights(of.rows.nrows(), of.weights.map(RowWeights::each));
    checked(&train).and_then(|()| checked(&validation))?;
    if domains.iter().all(|&domain| domain == Domain::Real) {
        return on_the_line(train, validation, options, rng);
    }
    let front = Domains::fit(train.rows.reborrow(), domains, true)?;
    let codes = |of: &ObservedRows<'_, F>| front.codes_observed(of.rows.reborrow());
    let (own, held_out) = (codes(&train)?, codes(&validation)?);
    let of_line = |rows, weights| ObservedRows { rows, weights };
    let (own, held_out) = (of_line(own.view(), train.weights), of_line(held_out.view(), validation.weights));
    let ObservedFit { flow, map, .. } = on_the_line(own, held_out, options, rng)?;
    let layers = [Box::new(front) as Box<dyn Layer<F>>].into_iter().chain(flow.chain().layers().to_vec());
    let flow = Flow::new(domains.len(), layers.collect(), flow.base().duplicate())?;
    // In units of the columns.
    let validation = judged(&flow, &validation)?;
    Ok(ObservedFit { flow, map, validation })
}

fn flow<F: Real>(layer: Box<dyn Layer<F>>, mixture: &GaussianMixture) -> Result<Flow<F>> {
    let base = GaussianMixtureBase::new(mixture, FactorKind::General, Direction::Relative)?;
    Ok(Flow::new(mixture.columns(), vec![layer], Box::new(base))?)
}
