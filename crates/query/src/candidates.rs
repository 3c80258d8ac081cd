//! The maps of columns that validation rows choose from.

use ndarray::ArrayView2;
use pdmap_core::{Layer, LayerError, Real};
use pdmap_layers::preprocess::{Bins, Histogram, Standardize};
use pdmap_mixture::Standardized;
use rand::Rng;

use crate::arcsinh::Arcsinh;
use crate::error::Result;

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

/// A standardization, arcsinh curves, and histograms of several numbers of bins, each fitted to rows with missing
/// cells, which are NaN.
///
/// # Errors
/// A column without two different cells; infinite cells.
pub(crate) fn candidates<F: Real>(rows: ArrayView2<'_, F>, rng: &mut dyn Rng) -> Result<Vec<Candidate<F>>> {
    let wide = rows.mapv(F::f64);
    // Refuses what cannot be fitted.
    let standardized = Standardized::observed(wide.view())?;
    let (mean, deviation) = standardized.scale();
    let plain = Standardize::new(mean.mapv(F::of), deviation.mapv(F::of))?;
    let mut all = vec![Candidate { name: STANDARDIZE.to_owned(), layer: Box::new(plain) as Box<dyn Layer<F>> }];
    let cells: Vec<Vec<F>> =
        rows.columns().into_iter().map(|column| column.iter().copied().filter(|x| !x.is_nan()).collect()).collect();
    let least = cells.iter().map(Vec::len).min().unwrap_or(0);
    if least >= CURVED {
        all.extend(curved(wide.view(), rng).map(|layer| Candidate { name: "arcsinh".to_owned(), layer }));
    }
    for bins in BINS.into_iter().filter(|bins| bins * CELLS <= least) {
        let each = cells.iter().map(|cells| {
            let column = ArrayView2::from_shape((cells.len(), 1), cells).map_err(|_| LayerError::NoRows)?;
            Ok(Histogram::fit(column, Bins::Bins(bins))?)
        });
        let histogram = Histogram::beside(&each.collect::<Result<Vec<_>>>()?)?;
        all.push(Candidate { name: format!("histogram of {bins} bins"), layer: Box::new(histogram) });
    }
    Ok(all)
}

/// Arcsinh curves; none where the part of the rows that they are learned from cannot be fitted, as where a
/// column is constant in it.
fn curved<F: Real>(rows: ArrayView2<'_, f64>, rng: &mut dyn Rng) -> Option<Box<dyn Layer<F>>> {
    Arcsinh::fit(rows, rng).and_then(|curves| curves.layer()).ok()
}
