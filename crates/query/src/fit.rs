//! A model fitted to rows with missing cells.

use ndarray::{Array1, ArrayView2};
use pdmap_core::group::Direction;
use pdmap_core::{Chain, Flow, Layer, Real};
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

fn flow<F: Real>(layer: Box<dyn Layer<F>>, mixture: &GaussianMixture) -> Result<Flow<F>> {
    let base = GaussianMixtureBase::new(mixture, FactorKind::General, Direction::Relative)?;
    Ok(Flow::new(mixture.columns(), vec![layer], Box::new(base))?)
}
