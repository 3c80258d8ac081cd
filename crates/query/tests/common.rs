//! Models for several tests.
#![allow(clippy::unwrap_used)]

use ndarray::{Array1, Array2, array};
use pdmap_core::group::Direction;
use pdmap_core::{Flow, Layer, Real};
use pdmap_layers::elementwise::{Elementwise, SmoothLeakyRelu};
use pdmap_layers::preprocess::{Bins, Histogram, Standardize};
use pdmap_mixture::{FactorKind, Gaussian, GaussianMixture, GaussianMixtureBase, PrecisionFactor};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

pub(crate) fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// A mixture of `components` full normal densities in `columns` columns.
pub(crate) fn mixture(components: usize, columns: usize) -> GaussianMixture {
    let component = |k: usize| {
        let root = Array2::from_shape_fn((columns, columns), |(i, j)| {
            0.4 * ((3 * i + 5 * j + k) as f64).sin() + if i == j { 0.8 } else { 0.0 }
        });
        let mean = Array1::from_shape_fn(columns, |i| 1.5 * ((7 * k + 2 * i) as f64).cos());
        let covariance = root.dot(&root.t()) + Array2::<f64>::eye(columns) * 0.05;
        Gaussian::new(mean, PrecisionFactor::of_covariance(covariance.view()).unwrap()).unwrap()
    };
    let weights: Vec<f64> = (0..components).map(|k| 1.0 + k as f64).collect();
    GaussianMixture::new(&weights, (0..components).map(component).collect()).unwrap()
}

/// Monotone maps of three kinds in front of a mixture of three in three columns.
pub(crate) fn flow<F: Real>() -> Flow<F> {
    let base = GaussianMixtureBase::<F>::new(&mixture(3, 3), FactorKind::General, Direction::Relative).unwrap();
    let scale = Standardize::new(array![1.0, -2.0, 0.5].mapv(F::of), array![2.0, 0.5, 1.0].mapv(F::of)).unwrap();
    let rows = Array2::from_shape_fn((400, 3), |(i, j)| F::of(((7 * i + 3 * j) as f64).sin() * 2.0));
    let layers: Vec<Box<dyn Layer<F>>> = vec![
        Box::new(scale),
        Box::new(Elementwise::new(SmoothLeakyRelu { alpha: 0.3 }).unwrap()),
        Box::new(Histogram::fit(rows.view(), Bins::Bins(8)).unwrap()),
    ];
    Flow::new(3, layers, Box::new(base)).unwrap()
}
