//! Mixtures and rows for several tests.
#![allow(clippy::unwrap_used)]

use ndarray::{Array1, Array2, array};
use pdmap_mixture::{Gaussian, GaussianMixture, PrecisionFactor};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

pub(crate) fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// A normal density by its mean and covariance.
pub(crate) fn gaussian(mean: Array1<f64>, covariance: Array2<f64>) -> Gaussian {
    Gaussian::new(mean, PrecisionFactor::of_covariance(covariance.view()).unwrap()).unwrap()
}

/// Two components of different shapes in the plane.
pub(crate) fn two() -> GaussianMixture {
    let first = gaussian(array![-1.0, 0.5], array![[1.0, 0.6], [0.6, 2.0]]);
    let second = gaussian(array![2.0, -1.0], array![[0.5, -0.2], [-0.2, 0.3]]);
    GaussianMixture::new(&[0.7, 0.3], vec![first, second]).unwrap()
}

/// Three components in four columns, with correlations of all kinds.
pub(crate) fn three() -> GaussianMixture {
    let covariance = |shift: f64| {
        let root = Array2::from_shape_fn((4, 4), |(i, j)| {
            ((3 * i + 5 * j) as f64 + shift).sin() + if i == j { 1.5 } else { 0.0 }
        });
        root.dot(&root.t())
    };
    let component = |k: usize| {
        let mean = Array1::from_shape_fn(4, |i| 3.0 * ((7 * k + 2 * i) as f64).cos());
        gaussian(mean, covariance(k as f64))
    };
    GaussianMixture::new(&[1.0, 2.0, 3.0], (0..3).map(component).collect()).unwrap()
}

/// The largest difference.
pub(crate) fn worst<'a>(a: impl IntoIterator<Item = &'a f64>, b: impl IntoIterator<Item = &'a f64>) -> f64 {
    let (mut a, mut b, mut worst) = (a.into_iter(), b.into_iter(), 0.0_f64);
    loop {
        match (a.next(), b.next()) {
            (None, None) => return worst,
            (Some(a), Some(b)) if (a - b).is_finite() => worst = worst.max((a - b).abs()),
            _ => return f64::INFINITY,
        }
    }
}
