//! The maps of columns that validation rows choose from.

use ndarray::{ArrayView1, ArrayView2, Axis};
use pdmap_core::row_weights::ByWeight;
use pdmap_core::{Layer, LayerError, Real};
use pdmap_layers::preprocess::{Bins, Histogram, Standardize};
use pdmap_mixture::{Standardized, WeightedRows};
use rand::Rng;

use crate::arcsinh::Arcsinh;
use crate::error::Result;
use crate::observed_rows::ObservedRows;

/// Bins of the maps by histograms that are tried; fewer where a column has few cells.
const BINS: [usize; 2] = [16, 64];

/// Least cells of a column for each bin.
const CELLS: usize = 20;

/// Least cells of a column for an arcsinh curve.
const CURVED: usize = 50;

/// The name of the first.
pub(crate) const STANDARDIZE: &str = "standardize";

/// A map of each column.
pub(crate) struct Candidate<F: Real> {
    pub(crate) name: String,
    pub(crate) layer: Box<dyn Layer<F>>,
}

/// A standardization, arcsinh curves, and histograms of several numbers of bins, each fitted to
/// rows with missing cells, which are NaN, that count as often as their weights say.
///
/// # Errors
/// A column without two different cells; infinite cells.
pub(crate) fn candidates<F: Real>(
    ObservedRows { rows, weights }: &ObservedRows<'_, F>,
    rng: &mut dyn Rng,
) -> Result<Vec<Candidate<F>>> {
    let wide = rows.mapv(F::f64);
    // Refuses what cannot be fitted.
    let standardized = Standardized::observed(WeightedRows::new(wide.view(), *weights))?;
    let (mean, deviation) = standardized.scale();
    let plain = Standardize::new(mean.mapv(F::of), deviation.mapv(F::of))?;
    let mut all = vec![Candidate { name: STANDARDIZE.to_owned(), layer: Box::new(plain) as Box<dyn Layer<F>> }];
    let weight = |row: usize| weights.map_or(1.0, |weights| weights.each()[row]);
    // The cells that are there, and how often they count.
    let there = |column: ArrayView1<'_, F>| -> (Vec<F>, Vec<f64>) {
        let cells = column.iter().copied().enumerate().filter(|(row, x)| !x.is_nan() && weight(*row) > 0.0);
        cells.map(|(row, x)| (x, weight(row))).unzip()
    };
    let cells: Vec<(Vec<F>, Vec<f64>)> = rows.columns().into_iter().map(there).collect();
    let least = cells.iter().map(|(cells, _)| cells.len()).min().unwrap_or(0);
    if least >= CURVED {
        let by_weight = weights.map(|weights| {
            let places = ByWeight::new(weights.each());
            wide.select(Axis(0), &places.systematic(rows.nrows(), 0.5).collect::<Vec<_>>())
        });
        let rows = by_weight.as_ref().unwrap_or(&wide);
        all.extend(curved(rows.view(), rng).map(|layer| Candidate { name: "arcsinh".to_owned(), layer }));
    }
    for bins in BINS.into_iter().filter(|bins| bins * CELLS <= least) {
        let each = cells.iter().map(|(cells, counts)| {
            let column = ArrayView2::from_shape((cells.len(), 1), cells).map_err(|_| LayerError::NoRows)?;
            let counts = weights.is_some().then_some(&counts[..]);
            Ok(Histogram::fit_weighted(column, counts, Bins::Bins(bins))?)
        });
        let histogram = Histogram::beside(&each.collect::<Result<Vec<_>>>()?)?;
        all.push(Candidate { name: format!("histogram of {bins} bins"), layer: Box::new(histogram) });
    }
    Ok(all)
}

/// Arcsinh curves; none where the part of the rows that they are learned from cannot be fitted, as
/// where a column is constant in it.
fn curved<F: Real>(rows: ArrayView2<'_, f64>, rng: &mut dyn Rng) -> Option<Box<dyn Layer<F>>> {
    Arcsinh::fit(rows, rng).and_then(|curves| curves.layer()).ok()
}
