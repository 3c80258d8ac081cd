//! Gaussianization of each feature by its histogram.

use ndarray::{Array2, ArrayD, ArrayView2, ArrayViewMut2, Axis};
use pdmap_core::normal::{log_density, log_hazard, log_tail, tail_quantile};
use pdmap_core::{
    Input, Layer, LayerError, LayerGrads, LayerSpec, Real, Recorded, Registry, Result, Tape, Tensors, check,
};
use rayon::prelude::*;

use super::histogram_fit::{Bins, Fit};

/// `z = Φ⁻¹(F(x))` for each feature, where `F` has the density of a histogram: constant in each bin, and exponential tails beyond the outer edges with the bins'
/// mean width as their scale. `log|det| = Σ log f(x) − log φ(z)`, so a normal base behind it makes independent histograms of the features.
///
/// Fitted to the training rows, then fixed. Both tails are kept in logarithms: there is no number that it does not map and map back.
#[derive(Debug, Clone)]
pub struct Histogram<F> {
    /// `[features, bins + 1]`, increasing.
    edges: Array2<F>,
    /// `[features, bins + 2]`, positive: the tail below, the bins, the tail above.
    masses: Array2<F>,
    features: Vec<Feature>,
}

/// One feature's histogram in double precision.
#[derive(Debug, Clone)]
struct Feature {
    edges: Vec<f64>,
    /// Mass below each edge, and above it: neither as a difference from 1.
    below: Vec<f64>,
    above: Vec<f64>,
    /// One over the scale of the tails.
    rate: f64,
}

/// A place in a histogram: the smaller of the masses on both sides in logarithm, whether that is the one below, and the density.
struct Place {
    log_mass: f64,
    lower: bool,
    density: Density,
}

/// A density in logarithm.
enum Density {
    /// In a bin.
    Bin(f64),
    /// In a tail, divided by the mass beyond: far out the two logarithms differ in no digit that is left.
    PerMass(f64),
}

impl Density {
    /// `log dz/dx`, where `x` goes to `z`.
    fn log_slope(&self, z: f64) -> f64 {
        match self {
            Self::Bin(density) => density - log_density(z),
            Self::PerMass(rate) => rate - log_hazard(z.abs()),
        }
    }
}

impl Feature {
    fn of(edges: &[f64], masses: &[f64]) -> Self {
        let total: f64 = masses.iter().sum();
        let sum = |masses: &mut dyn Iterator<Item = &f64>| -> Vec<f64> {
            let sums = masses.scan(0.0, |sum, mass| {
                *sum += mass / total;
                Some(*sum)
            });
            sums.take(edges.len()).collect()
        };
        let below = sum(&mut masses.iter());
        let mut above = sum(&mut masses.iter().rev());
        above.reverse();
        let (first, last) = (edges[0], edges[edges.len() - 1]);
        let rate = (edges.len() - 1) as f64 / (last - first);
        Self { edges: edges.to_vec(), below, above, rate }
    }

    fn last(&self) -> usize {
        self.edges.len() - 1
    }

    /// The bin between two edges: its width, the mass in it, and the part that lies below `share` of it.
    fn mass(&self, bin: usize) -> f64 {
        // Taken where the numbers are small.
        if self.below[bin] < self.above[bin + 1] {
            self.below[bin + 1] - self.below[bin]
        } else {
            self.above[bin] - self.above[bin + 1]
        }
    }

    fn place(&self, x: f64) -> Place {
        let last = self.last();
        let beyond = (self.edges[0] - x).max(x - self.edges[last]);
        if beyond > 0.0 {
            let lower = x < self.edges[0];
            let tail = if lower { self.below[0] } else { self.above[last] };
            let log_mass = tail.ln() - self.rate * beyond;
            return Place { log_mass, lower, density: Density::PerMass(self.rate.ln()) };
        }
        let bin = (self.edges.partition_point(|&edge| edge <= x).max(1) - 1).min(last - 1);
        let (width, mass) = (self.edges[bin + 1] - self.edges[bin], self.mass(bin));
        let share = ((x - self.edges[bin]) / width).clamp(0.0, 1.0);
        let (below, above) = (self.below[bin] + share * mass, self.above[bin + 1] + (1.0 - share) * mass);
        let lower = below <= above;
        Place { log_mass: below.min(above).ln(), lower, density: Density::Bin((mass / width).ln()) }
    }

    /// `(z, log f − log φ)`.
    fn forward(&self, x: f64) -> (f64, f64) {
        let Place { log_mass, lower, density } = self.place(x);
        // Masses on both sides of the middle may be rounded to a little more than a half.
        let z = tail_quantile(log_mass.min(-std::f64::consts::LN_2));
        (if lower { -z } else { z }, density.log_slope(z))
    }

    fn inverse(&self, z: f64) -> f64 {
        let (last, lower, log_mass) = (self.last(), z < 0.0, log_tail(z.abs()));
        let tail = if lower { self.below[0] } else { self.above[last] };
        let beyond = (tail.ln() - log_mass) / self.rate;
        if beyond > 0.0 {
            return if lower { self.edges[0] - beyond } else { self.edges[last] + beyond };
        }
        let mass = log_mass.exp();
        // The last edge with less below it, or the last one with at least as much above it.
        let bin = if lower {
            self.below.partition_point(|&below| below <= mass)
        } else {
            self.above.partition_point(|&above| above >= mass)
        };
        let bin = (bin.max(1) - 1).min(last - 1);
        let width = self.edges[bin + 1] - self.edges[bin];
        if lower {
            self.edges[bin] + width * ((mass - self.below[bin]) / self.mass(bin)).clamp(0.0, 1.0)
        } else {
            self.edges[bin + 1] - width * ((mass - self.above[bin + 1]) / self.mass(bin)).clamp(0.0, 1.0)
        }
    }
}

impl<F: Real> Histogram<F> {
    /// Name in the registry.
    pub const KIND: &'static str = "histogram";

    /// The histograms of rows `[rows, features]`.
    ///
    /// # Errors
    /// [`LayerError::NoRows`]; NaN and infinities; a number of bins outside [2, 4096].
    pub fn fit(rows: ArrayView2<'_, F>, bins: Bins) -> Result<Self> {
        let (edges, masses) = Fit::new(rows, bins)?.tensors(bins);
        Self::new(edges, masses)
    }

    /// Several histograms of the same rows, which are sorted once.
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    pub fn fit_each(rows: ArrayView2<'_, F>, all: &[Bins]) -> Result<Vec<Self>> {
        let Some(&first) = all.first() else { return Ok(vec![]) };
        let fit = Fit::new(rows, first)?;
        all.iter()
            .map(|&bins| {
                bins.validate()?;
                let (edges, masses) = fit.tensors(bins);
                Self::new(edges, masses)
            })
            .collect()
    }

    /// Edges `[features, bins + 1]` and masses `[features, bins + 2]`, those of the two tails first and last.
    ///
    /// # Errors
    /// Other shapes; edges that do not increase, masses that are not positive and finite.
    pub fn new(edges: Array2<F>, masses: Array2<F>) -> Result<Self> {
        let (features, columns) = edges.dim();
        if features == 0 || columns < 2 {
            return Err(LayerError::NoFeatures);
        }
        check::shape("masses of a histogram", (features, columns + 1), masses.dim())?;
        check::finite("edges of a histogram", edges.view())?;
        check::finite("masses of a histogram", masses.view())?;
        for (index, row) in edges.rows().into_iter().enumerate() {
            let pairs = row.iter().zip(row.iter().skip(1));
            if let Some((&a, &b)) = pairs.into_iter().find(|(a, b)| b <= a) {
                return Err(LayerError::NotPositive { index, value: b.f64() - a.f64() });
            }
        }
        if let Some(((index, _), &value)) = masses.indexed_iter().find(|(_, mass)| **mass <= F::zero()) {
            return Err(LayerError::NotPositive { index, value: value.f64() });
        }
        let wide = |row: ndarray::ArrayView1<'_, F>| row.iter().map(|v| v.f64()).collect::<Vec<f64>>();
        let rows = edges.rows().into_iter().zip(masses.rows());
        let features = rows.map(|(edges, masses)| Feature::of(&wide(edges), &wide(masses))).collect();
        Ok(Self { edges, masses, features })
    }

    pub(super) fn restore(
        _spec: &LayerSpec,
        tensors: &mut Tensors<F>,
        _registry: &Registry<F>,
    ) -> Result<Box<dyn Layer<F>>> {
        Ok(Box::new(Self::new(matrix(tensors, "edges")?, matrix(tensors, "masses")?)?))
    }

    /// Bins of each feature.
    pub fn bins(&self) -> usize {
        self.edges.ncols() - 1
    }

    /// `map(feature, from) = (to, log slope)` on each number; log slopes are added up.
    fn pass(
        &self,
        from: ArrayView2<'_, F>,
        to: &mut ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        map: impl Fn(&Feature, f64) -> (f64, f64) + Sync,
    ) -> Result<()> {
        check::features("input", self.features.len(), from.ncols())?;
        check::shape("output", from.dim(), to.dim())?;
        check::log_det(from.nrows(), log_det.as_deref())?;
        let width = self.features.len();
        let from = check::slice("input", &from)?;
        let to = check::slice_mut("output", to)?;
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

fn matrix<F: Real>(tensors: &mut Tensors<F>, name: &str) -> Result<Array2<F>> {
    let tensor = tensors.take(name)?;
    let actual = tensor.shape().to_vec();
    tensor.into_dimensionality().map_err(|_| LayerError::TensorShape {
        name: name.to_owned(),
        expected: vec![0, 0],
        actual,
    })
}

impl<F: Real> Layer<F> for Histogram<F> {
    fn spec(&self) -> LayerSpec {
        LayerSpec::new(Self::KIND, &serde_json::json!({}))
    }

    fn features(&self) -> Option<usize> {
        Some(self.features.len())
    }

    fn forward(
        &self,
        input: Input<'_, F>,
        mut y: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        _tape: &mut Tape<F>,
    ) -> Result<()> {
        self.pass(input.x, &mut y, log_det, Feature::forward)
    }

    fn inverse(
        &self,
        output: Input<'_, F>,
        mut x: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        _tape: &mut Tape<F>,
    ) -> Result<()> {
        self.pass(output.x, &mut x, log_det, |feature, z| {
            let x = feature.inverse(z);
            (x, -feature.place(x).density.log_slope(z))
        })
    }

    fn backward(
        &self,
        at: Recorded<'_, F>,
        dy: ArrayView2<'_, F>,
        dx: Option<ArrayViewMut2<'_, F>>,
        _grads: &mut LayerGrads<F>,
    ) -> Result<()> {
        check::shape("gradient of the output", at.input.x.dim(), dy.dim())?;
        let Some(mut dx) = dx else { return Ok(()) };
        check::shape("gradient of the input", dy.dim(), dx.dim())?;
        for (((mut dx, dy), x), z) in
            dx.rows_mut().into_iter().zip(dy.rows()).zip(at.input.x.rows()).zip(at.y.axis_iter(Axis(0)))
        {
            for ((((dx, &dy), &x), &z), feature) in dx.iter_mut().zip(dy).zip(x).zip(z).zip(&self.features) {
                let place = feature.place(x.f64());
                let slope = place.density.log_slope(z.f64()).exp();
                // log f is constant in a bin and falls at the tails' rate beyond.
                let fall = match () {
                    () if x.f64() < feature.edges[0] => feature.rate,
                    () if x.f64() > feature.edges[feature.last()] => -feature.rate,
                    () => 0.0,
                };
                *dx = F::of((dy.f64() + z.f64()) * slope + fall);
            }
        }
        Ok(())
    }

    fn tensors(&self) -> Vec<(String, ArrayD<F>)> {
        vec![
            ("edges".into(), self.edges.clone().into_dyn()),
            ("masses".into(), self.masses.clone().into_dyn()),
        ]
    }

    fn set_tensors(&mut self, tensors: &mut Tensors<F>) -> Result<()> {
        let next = Self::new(matrix(tensors, "edges")?, matrix(tensors, "masses")?)?;
        check::features("edges of a histogram", self.features.len(), next.features.len())?;
        *self = next;
        Ok(())
    }

    fn duplicate(&self) -> Box<dyn Layer<F>> {
        Box::new(self.clone())
    }
}
