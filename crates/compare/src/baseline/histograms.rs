//! Independent histograms (no dependence between features) and the Gaussian copula.

use ndarray::{Array2, ArrayView2};
use pdmap_core::flow::base::Normal;
use pdmap_core::row_weights::mean;
use pdmap_core::{Flow, Layer, LayerError, LayerExt, Real, Result};
use pdmap_layers::elementwise::{Elementwise, Sigmoid};
use pdmap_layers::preprocess::{Bins, Histogram, Whitening};

/// Candidate numbers of equal-mass bins.
const BINS: [usize; 6] = [16, 32, 64, 128, 256, 512];

/// Grey levels of pixels, and the λ of their logit space (Papamakarios et al. 2017).
const LEVELS: usize = 256;
const LAMBDA: f64 = 1e-6;

/// A histogram of each feature, with the layers in front of it.
#[derive(Debug, Clone)]
pub struct Marginals<F: Real> {
    layers: Vec<Box<dyn Layer<F>>>,
    /// Bins per feature.
    pub bins: usize,
    /// Whether the bins are grey levels.
    pub levels: bool,
}

impl<F: Real> Marginals<F> {
    /// Fits to `rows` with the number of bins, shared by all features, that maximizes the
    /// likelihood of `validation`. If the rows are `pixels` in logit space, grey levels are tried
    /// too.
    ///
    /// # Errors
    /// No rows, or values that are not finite.
    pub fn fit(rows: ArrayView2<'_, F>, validation: ArrayView2<'_, F>, pixels: bool) -> Result<Self> {
        Self::fit_weighted((rows, None), (validation, None), pixels)
    }

    /// Like [`fit`](Self::fit), for rows of these weights: one of weight `w` counts as `w` equal rows.
    ///
    /// # Errors
    /// As [`fit`](Self::fit); other numbers of weights than of rows.
    pub fn fit_weighted(
        (rows, weights): (ArrayView2<'_, F>, Option<&[f64]>),
        (validation, judging): (ArrayView2<'_, F>, Option<&[f64]>),
        pixels: bool,
    ) -> Result<Self> {
        let mut best: Option<(f64, Self)> = None;
        let mut consider = |layers: Vec<Box<dyn Layer<F>>>, bins, levels| -> Result<()> {
            let candidate = Self { layers, bins, levels };
            let flow = candidate.independent(rows.ncols())?;
            let likelihood = mean(&flow.log_prob(validation.reborrow())?, judging);
            if best.as_ref().is_none_or(|(best, _)| likelihood > *best) {
                best = Some((likelihood, candidate));
            }
            Ok(())
        };
        for (histogram, bins) in
            Histogram::fit_each(rows.reborrow(), weights, &BINS.map(Bins::Bins))?.into_iter().zip(BINS)
        {
            consider(vec![Box::new(histogram)], bins, false)?;
        }
        if pixels {
            let sigmoid = Elementwise::new(Sigmoid { lambda: LAMBDA })?;
            let greys = sigmoid.transform(rows)?.0;
            let histogram = Histogram::fit_weighted(greys.view(), weights, Bins::Levels(LEVELS))?;
            consider(vec![Box::new(sigmoid), Box::new(histogram)], LEVELS, true)?;
        }
        best.map(|(_, best)| best).ok_or(LayerError::NoRows)
    }

    /// The density with independent features.
    ///
    /// # Errors
    /// No features.
    pub fn independent(&self, features: usize) -> Result<Flow<F>> {
        Flow::new(features, self.layers.clone(), Box::new(Normal))
    }

    /// The Gaussian copula: the normal scores have their covariance among `rows`.
    ///
    /// # Errors
    /// A rank-deficient covariance.
    pub fn copula(&self, rows: ArrayView2<'_, F>) -> Result<Flow<F>> {
        self.copula_weighted(rows, None)
    }

    /// Like [`copula`](Self::copula), for rows of these weights.
    ///
    /// # Errors
    /// As [`copula`](Self::copula).
    pub fn copula_weighted(&self, rows: ArrayView2<'_, F>, weights: Option<&[f64]>) -> Result<Flow<F>> {
        let features = rows.ncols();
        let scores: Array2<F> = self.independent(features)?.encode(rows)?;
        let mut layers = self.layers.clone();
        layers.push(Box::new(Whitening::fit_weighted(scores.view(), weights)?));
        Flow::new(features, layers, Box::new(Normal))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn uniform_data_have_the_uniform_density() {
        let rows = Array2::from_shape_fn((10_000, 2), |(i, j)| (((i * 7919 + j * 31) % 10_000) as f64 + 0.5) / 1e4);
        let marginals = Marginals::fit(rows.view(), rows.view(), false).unwrap();
        let mean = marginals.independent(2).unwrap().log_prob(&rows).unwrap().iter().sum::<f64>() / 1e4;
        assert!(mean.abs() < 0.05, "{mean}");
    }

    #[test]
    fn a_copula_captures_dependence() {
        // Two dependent features with different marginals.
        let noise = |i: usize, k: usize| (((i * 7919 * k) % 10_007) as f64 / 10_007.0) - 0.5;
        let rows = Array2::from_shape_fn((10_000, 2), |(i, j)| {
            let common = 2.0 * noise(i, 3);
            if j == 0 { (common + 0.1 * noise(i, 5)).exp() } else { (common + 0.1 * noise(i, 7)).powi(3) }
        });
        let marginals = Marginals::fit(rows.view(), rows.view(), false).unwrap();
        let mean = |flow: Flow<f64>| flow.log_prob(&rows).unwrap().iter().sum::<f64>() / 1e4;
        let (apart, together) = (mean(marginals.independent(2).unwrap()), mean(marginals.copula(rows.view()).unwrap()));
        assert!(together > apart + 1.0, "{together} {apart}");
    }

    #[test]
    fn a_constant_feature_has_a_density() {
        let rows = Array2::from_elem((10, 1), 3.0);
        let marginals = Marginals::fit(rows.view(), rows.view(), false).unwrap();
        assert!(marginals.independent(1).unwrap().log_prob(&rows).unwrap()[0].is_finite());
    }
}
