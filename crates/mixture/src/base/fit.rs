//! A new base density, fitted to the rows that reach it.

use ndarray::{Array1, Array2, ArrayView2, Axis};
use pdmap_core::{BaseSpec, BuildContext, LayerError, Real, RowWeights};
use rand::Rng;
use rand::seq::SliceRandom;

use super::density::GaussianMixtureBase;
use super::factors::FactorKind;
use super::options::Options;
use crate::covariance::CovarianceForm;
use crate::em::EmOptions;
use crate::error::{MixtureError, Result};
use crate::factor::PrecisionFactor;
use crate::gaussian::Gaussian;
use crate::mixture::GaussianMixture;
use crate::select::{SelectOptions, select};
use crate::shrunk::ShrunkGaussian;
use crate::standardized::Standardized;
use crate::weighted::WeightedRows;

/// One row in so many is held out at random, to choose what is not given.
const HELD_OUT: usize = 5;

/// Floating-point operations after which no candidate is begun: some ten seconds of two cores.
const OPERATIONS: f64 = 2e11;

/// Fewer rows than this give one normal density, shrunk by formula.
const FEW: usize = 20;

/// Fits the density of a description. What its options leave open is chosen by a fifth of the rows,
/// which EM then gets too. Without rows, as where a description is only checked, it is standard
/// normal.
pub(super) fn build<F: Real>(
    spec: &BaseSpec,
    context: &mut BuildContext<'_, F>,
) -> pdmap_core::Result<GaussianMixtureBase<F>> {
    let options: Options = spec.parse()?;
    options.check()?;
    let rows = context.rows()?.mapv(|x| x.f64());
    // Before a fit that could take long and be refused after it.
    let least = options.components.unwrap_or(1).min(rows.nrows().max(1));
    let kind = options.factor_of(options.forms().first().copied().unwrap_or(CovarianceForm::Full));
    let numbers = |count: usize, kind: FactorKind, columns: usize| {
        count.saturating_mul(columns + 1).saturating_add(kind.numbers(count, columns))
    };
    let reserved = numbers(least, kind, context.features);
    context.reserve_parameters(reserved)?;
    let weights = context.sample.weights().map(|weights| RowWeights::new(weights.to_vec())).transpose()?;
    let (mixture, form) = fit(rows.view(), weights.as_ref(), (context.features, &options), context.rng)?;
    let kind = options.factor_of(form);
    let (count, columns) = (mixture.components().len(), mixture.columns());
    context.reserve_parameters(numbers(count, kind, columns).saturating_sub(reserved))?;
    GaussianMixtureBase::new(&mixture, kind, options.direction)
}

/// One normal density, shrunk by formula.
fn shrunk(rows: WeightedRows<'_>, form: CovarianceForm) -> Result<(GaussianMixture, CovarianceForm)> {
    let rows = Standardized::new(rows)?;
    let one = GaussianMixture::of_one(ShrunkGaussian::by_formula(&rows)?.gaussian()?);
    Ok((rows.restore(&one)?, form))
}

fn fit(
    rows: ArrayView2<'_, f64>,
    weights: Option<&RowWeights>,
    (columns, options): (usize, &Options),
    rng: &mut dyn Rng,
) -> Result<(GaussianMixture, CovarianceForm)> {
    let forms = options.forms();
    let first = forms.first().copied().unwrap_or(CovarianceForm::Full);
    if rows.is_empty() {
        if columns == 0 {
            return Err(LayerError::NoFeatures.into());
        }
        let standard = Gaussian::new(Array1::zeros(columns), PrecisionFactor::Dense(Array2::eye(columns)))?;
        return Ok((GaussianMixture::of_one(standard), first));
    }
    let all = WeightedRows::new(rows, weights);
    if rows.nrows() < FEW {
        return shrunk(all, first);
    }
    // At random, since rows may be in an order of period five.
    let mut order: Vec<usize> = (0..rows.nrows()).collect();
    order.shuffle(rng);
    let (validation, train) = order.split_at(rows.nrows() / HELD_OUT);
    let settings = SelectOptions {
        components: options.components,
        most_components: options.most_components,
        forms,
        shrinkage: options.shrinkage,
        operations: Some(options.operations.unwrap_or(OPERATIONS)),
        ..SelectOptions::default()
    };
    let part = |chosen: &[usize]| rows.select(Axis(0), chosen);
    let (train_rows, validation_rows) = (part(train), part(validation));
    let of = |chosen: &[usize]| weights.map(|weights| weights.choose(chosen)).transpose();
    let (Ok(train), Ok(validation)) = (of(train), of(validation)) else {
        // All weight is in one part.
        return shrunk(all, first);
    };
    let train = WeightedRows::new(train_rows.view(), train.as_ref());
    let validation = WeightedRows::new(validation_rows.view(), validation.as_ref());
    let selection = match select(train, validation, &settings, rng) {
        // A column that hardly varies, and not in this part.
        Err(MixtureError::ConstantColumn { .. }) => return shrunk(all, first),
        selection => selection?,
    };
    let form = selection.trial().form;
    Ok((selection.refit(all, EmOptions::default())?, form))
}
