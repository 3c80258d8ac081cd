//! Seeded rows and matrices.

use ndarray::Array2;
use pdmap_core::Real;
use pdmap_core::flow::base::{Normal, draw};
use pdmap_core::group::haar;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A generator whose numbers are the same on every platform.
pub fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// Standard normal rows.
pub fn normal_rows<F: Real>(rows: usize, features: usize, rng: &mut dyn Rng) -> Array2<F> {
    draw(&Normal, rows, features, rng).unwrap_or_else(|_| Array2::zeros((rows, features)))
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

/// Entries of a tensor that a law differentiates by.
const MOST_ENTRIES: usize = 6;

/// Some of `count` indices, without repetition: all where they are few. Cases with other seeds choose
/// others.
pub(crate) fn chosen(count: usize, rng: &mut dyn Rng) -> Vec<usize> {
    let start = if count > 0 { rng.random_range(0..count) } else { 0 };
    let most = count.min(MOST_ENTRIES);
    (0..most).map(|index| (start + index * count / most) % count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chosen_indices_are_different_and_cover_all_in_time() {
        for count in [0, 1, 5, 6, 7, 30] {
            let mut seen = vec![false; count];
            for seed in 0..200 {
                let mut indices = chosen(count, &mut rng(seed));
                assert_eq!(indices.len(), count.min(MOST_ENTRIES));
                indices.iter().for_each(|&index| seen[index] = true);
                indices.sort_unstable();
                indices.dedup();
                assert_eq!(indices.len(), count.min(MOST_ENTRIES));
            }
            assert!(seen.iter().all(|seen| *seen), "{count}");
        }
    }
}
