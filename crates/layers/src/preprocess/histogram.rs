//! Gaussianization of each feature through its histogram.

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, Ix2, Zip, concatenate};
use pdmap_core::group::Fixed;
use pdmap_core::prelude::*;
use rayon::prelude::*;

use super::fixed::fitted;
use super::histogram_feature::HistogramFeature;
use super::histogram_fit::{Bins, Fit};

/// `z = Φ⁻¹(F(x))` for each feature, where `F` has the density of a histogram: constant in each
/// bin, with exponential tails beyond the outer edges whose scale is the mean bin width.
/// `log|det| = Σ log f(x) − log φ(z)`, so with a normal base density directly after it, the model
/// is a product of independent histograms.
///
/// Fitted to the training rows, then fixed. Both tails are kept as logarithms, so every finite
/// number can be mapped and mapped back.
#[derive(Debug, Clone)]
pub struct Histogram<F> {
    /// `[features, bins + 1]`, increasing.
    edges: Fixed<F, Ix2>,
    /// `[features, bins + 2]`, positive: the lower tail, the bins, the upper tail.
    masses: Fixed<F, Ix2>,
    features: Vec<HistogramFeature>,
}

impl<F: Real> Histogram<F> {
    /// The histograms of rows `[rows, features]`.
    ///
    /// # Errors
    /// [`LayerError::NoRows`]; NaN and infinities; a number of bins outside [2, 4096].
    pub fn fit(rows: ArrayView2<'_, F>, bins: Bins) -> Result<Self> {
        Self::fit_weighted(rows, None, bins)
    }

    /// Like [`fit`](Self::fit), for rows of these weights: one of weight `w` counts as `w` equal rows.
    ///
    /// # Errors
    /// As [`fit`](Self::fit); weights that are all 0.
    pub fn fit_weighted(rows: ArrayView2<'_, F>, weights: Option<&[f64]>, bins: Bins) -> Result<Self> {
        check::weights(rows.nrows(), weights)?;
        let (edges, masses) = Fit::new(rows, weights, bins)?.tensors(bins);
        Self::new(edges, masses)
    }

    /// Several histograms of the same rows, which are sorted only once; rows may have weights.
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    pub fn fit_each(rows: ArrayView2<'_, F>, weights: Option<&[f64]>, all: &[Bins]) -> Result<Vec<Self>> {
        check::weights(rows.nrows(), weights)?;
        let Some(&first) = all.first() else { return Ok(vec![]) };
        let fit = Fit::new(rows, weights, first)?;
        all.iter()
            .map(|&bins| {
                bins.validate()?;
                let (edges, masses) = fit.tensors(bins);
                Self::new(edges, masses)
            })
            .collect()
    }

    /// Edges `[features, bins + 1]` and masses `[features, bins + 2]`, with those of the two tails
    /// first and last.
    ///
    /// # Errors
    /// Other shapes; edges that do not increase, masses that are not positive and finite.
    pub fn new(edges: Array2<F>, masses: Array2<F>) -> Result<Self> {
        let mut layer = Self {
            edges: Fixed::new("edges of a histogram", edges)?,
            masses: Fixed::new("masses of a histogram", masses)?,
            features: Vec::new(),
        };
        layer.refresh()?;
        Ok(layer)
    }

    /// Checks the tensors and builds the histograms from them.
    fn refresh(&mut self) -> Result<()> {
        let (edges, masses) = (self.edges.values(), self.masses.values());
        let (features, columns) = edges.dim();
        if features == 0 || columns < 2 {
            return Err(LayerError::NoFeatures);
        }
        check::shape("masses of a histogram", (features, columns + 1), masses.dim())?;
        for (index, row) in edges.rows().into_iter().enumerate() {
            let mut pairs = row.iter().zip(row.iter().skip(1));
            if let Some((&a, &b)) = pairs.find(|(a, b)| b <= a) {
                return Err(LayerError::NotPositive { index, value: b.f64() - a.f64() });
            }
        }
        if let Some(((index, _), &value)) = masses.indexed_iter().find(|(_, mass)| **mass <= F::zero()) {
            return Err(LayerError::NotPositive { index, value: value.f64() });
        }
        let wide = |row: ndarray::ArrayView1<'_, F>| row.iter().map(|v| v.f64()).collect::<Vec<f64>>();
        let rows = edges.rows().into_iter().zip(masses.rows());
        self.features = rows.map(|(edges, masses)| HistogramFeature::of(&wide(edges), &wide(masses))).collect();
        Ok(())
    }

    /// Histograms of different columns, side by side.
    ///
    /// # Errors
    /// No histograms; numbers of bins that differ.
    pub fn beside(all: &[Self]) -> Result<Self> {
        let joined = |of: fn(&Self) -> &Array2<F>| {
            let parts: Vec<ArrayView2<'_, F>> = all.iter().map(|histogram| of(histogram).view()).collect();
            let (expected, actual) = (all.first().map_or(0, Self::bins), all.last().map_or(0, Self::bins));
            concatenate(Axis(0), &parts).map_err(|_| LayerError::Features { what: "bins", expected, actual })
        };
        Self::new(joined(|own| own.edges.values())?, joined(|own| own.masses.values())?)
    }

    /// Bins per feature.
    pub fn bins(&self) -> usize {
        self.edges.values().ncols() - 1
    }

    /// Edges and masses of each feature, in double precision.
    pub fn features(&self) -> &[HistogramFeature] {
        &self.features
    }

    /// Applies `map(feature, from) = (to, log slope)` to each number and adds up the log-slopes.
    fn pass(
        &self,
        from: ArrayView2<'_, F>,
        mut to: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        map: impl Fn(&HistogramFeature, f64) -> (f64, f64) + Sync,
    ) -> Result<()> {
        let width = self.features.len();
        let from = check::slice("input", &from)?;
        let to = check::slice_mut("output", &mut to)?;
        let row = |(to, from): (&mut [F], &[F])| -> f64 {
            let mut sum = 0.0;
            for ((to, &from), feature) in to.iter_mut().zip(from).zip(&self.features) {
                let (value, log_slope) = map(feature, from.f64());
                *to = F::of(value);
                sum += log_slope;
            }
            sum
        };
        let rows = to.par_chunks_mut(width).zip(from.par_chunks(width)).with_min_len(8);
        match log_det {
            None => rows.for_each(|pair| {
                row(pair);
            }),
            Some(log_det) => rows.zip(log_det).for_each(|(pair, log_det)| *log_det += row(pair)),
        }
        Ok(())
    }
}

impl<F: Real> Kind<F> for Histogram<F> {
    const KIND: &'static str = "histogram";

    fn build(spec: &LayerSpec, _: &mut BuildContext<'_, F>, _: &Registry<F>) -> Result<Self> {
        Err(fitted(spec))
    }

    fn restore(_: &LayerSpec, tensors: &mut Tensors<F>, _: &Registry<F>) -> Result<Self> {
        Self::new(tensors.matrix("edges", None)?, tensors.matrix("masses", None)?)
    }
}

impl<F: Real> Parametric<F> for Histogram<F> {
    fn parameters(&self, visit: &mut Visit<'_, F>) -> Result<()> {
        visit(&"edges", &self.edges)?;
        visit(&"masses", &self.masses)
    }

    fn parameters_mut(&mut self, visit: &mut VisitMut<'_, F>) -> Result<()> {
        visit(&"edges", &mut self.edges)?;
        visit(&"masses", &mut self.masses)?;
        self.refresh()
    }
}

impl<F: Real> Layer<F> for Histogram<F> {
    fn spec(&self) -> LayerSpec {
        LayerSpec::plain(Self::KIND)
    }

    fn shape(&self, input: Shape) -> Result<Shape> {
        input.with_features(self.features.len())
    }

    fn forward(&self, input: Input<F>, y: Out<F>, log_det: Option<&mut [f64]>, _: &mut Tape<F>) -> Result<()> {
        self.pass(input.x, y, log_det, HistogramFeature::forward)
    }

    fn inverse(&self, output: Input<F>, x: Out<F>, log_det: Option<&mut [f64]>, _: &mut Tape<F>) -> Result<()> {
        self.pass(output.x, x, log_det, HistogramFeature::inverse_and_log_slope)
    }

    fn backward(&self, at: ForwardPass<F>, dy: In<F>, dx: Option<Out<F>>, _: &mut [ParamGrad<F>]) -> Result<()> {
        let Some(mut dx) = dx else { return Ok(()) };
        for (column, feature) in self.features.iter().enumerate() {
            Zip::from(dx.column_mut(column))
                .and(dy.column(column))
                .and(at.input.x.column(column))
                .and(at.y.column(column))
                .for_each(|dx, dy, x, z| *dx = F::of(feature.gradient(x.f64(), z.f64(), dy.f64())));
        }
        Ok(())
    }
}
