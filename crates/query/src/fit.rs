//! A model fitted to rows with missing cells.

use ndarray::{Array1, ArrayView2};
use pdmap_core::group::Direction;
use pdmap_core::{Chain, Flow, Layer, LayerError, Real};
use pdmap_layers::preprocess::{Bins, Domain, Domains, Histogram, Standardize};
use pdmap_mixture::{
    FactorKind, GaussianMixture, GaussianMixtureBase, MixtureError, SelectOptions, Standardized, select,
};
use rand::Rng;

use crate::copula::Copula;
use crate::error::Result;
use crate::maps::Maps;

/// Bins of the maps by histograms that are tried; fewer where a column has few cells.
const BINS: [usize; 2] = [16, 64];

/// Least cells of a column for each bin.
const CELLS: usize = 20;

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
/// on its own value. The validation rows choose the map (a standardization, or a histogram of each
/// column), the components, the form of their covariances and their shrinkage.
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
    // Refuses what cannot be fitted.
    let standardized = Standardized::observed(rows.mapv(F::f64).view())?;
    let mut best: Option<ObservedFit<F>> = None;
    for Map { name, layer } in maps(rows, &standardized)? {
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

/// A map of each column by its own cells.
struct Map<F: Real> {
    name: String,
    layer: Box<dyn Layer<F>>,
}

/// The maps that are tried.
fn maps<F: Real>(rows: ArrayView2<'_, F>, standardized: &Standardized) -> Result<Vec<Map<F>>> {
    let (mean, deviation) = standardized.scale();
    let plain = Standardize::new(mean.mapv(F::of), deviation.mapv(F::of))?;
    let mut maps = vec![Map { name: "standardize".to_owned(), layer: Box::new(plain) as Box<dyn Layer<F>> }];
    let cells: Vec<Vec<F>> =
        rows.columns().into_iter().map(|column| column.iter().copied().filter(|x| !x.is_nan()).collect()).collect();
    let least = cells.iter().map(Vec::len).min().unwrap_or(0);
    for bins in BINS.into_iter().filter(|bins| bins * CELLS <= least) {
        let each = cells.iter().map(|cells| {
            let column = ArrayView2::from_shape((cells.len(), 1), cells).map_err(|_| LayerError::NoRows)?;
            Ok(Histogram::fit(column, Bins::Bins(bins))?)
        });
        let histogram = Histogram::beside(&each.collect::<Result<Vec<_>>>()?)?;
        maps.push(Map { name: format!("histogram of {bins} bins"), layer: Box::new(histogram) });
    }
    Ok(maps)
}

fn flow<F: Real>(layer: Box<dyn Layer<F>>, mixture: &GaussianMixture) -> Result<Flow<F>> {
    let base = GaussianMixtureBase::new(mixture, FactorKind::General, Direction::Relative)?;
    Ok(Flow::new(mixture.columns(), vec![layer], Box::new(base))?)
}
