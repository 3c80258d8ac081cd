//! Seeded rows and matrices.

use ndarray::Array2;
use pdmap_core::Real;
use pdmap_core::group::haar;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A generator whose numbers are the same on every platform.
pub fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// Standard normal rows.
pub fn normal_rows<F: Real>(rows: usize, features: usize, rng: &mut dyn Rng) -> Array2<F> {
    pdmap_core::Base::normal().sample(rows, features, rng).unwrap_or_else(|_| Array2::zeros((rows, features)))
}

/// A matrix with singular values from 1 down to `1/condition`, in equal ratios, and Haar singular vectors.
pub fn badly_conditioned<F: Real>(dim: usize, condition: f64, rng: &mut dyn Rng) -> Array2<F> {
    let (mut u, v): (Array2<f64>, Array2<f64>) = (haar(dim, rng), haar(dim, rng));
    for (index, mut column) in u.columns_mut().into_iter().enumerate() {
        let t = index as f64 / (dim.max(2) - 1) as f64;
        column *= condition.powf(-t);
    }
    u.dot(&v).mapv(F::of)
}
