//! Rows and models that the tests share.
#![allow(clippy::unwrap_used)]

use ndarray::{Array2, array};
use pdmap_categories::LatentClasses;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

pub(crate) fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// Two classes that three columns of 3, 2 and 4 labels tell apart.
pub(crate) fn two_classes() -> LatentClasses {
    let probabilities =
        array![[0.8, 0.1, 0.1, 0.9, 0.1, 0.7, 0.1, 0.1, 0.1], [0.05, 0.15, 0.8, 0.2, 0.8, 0.02, 0.08, 0.2, 0.7]];
    LatentClasses::new(&[3, 2, 4], array![0.3, 0.7], probabilities).unwrap()
}

/// All rows of columns with so many labels.
pub(crate) fn product_space(labels: &[usize]) -> Array2<u32> {
    let count: usize = labels.iter().product();
    let mut all = Array2::zeros((count, labels.len()));
    for (index, mut row) in all.rows_mut().into_iter().enumerate() {
        let mut left = index;
        for (code, &labels) in row.iter_mut().zip(labels) {
            *code = (left % labels) as u32;
            left /= labels;
        }
    }
    all
}

/// `Σ p(c)` over the product space.
pub(crate) fn total(log_density: &[f64]) -> f64 {
    log_density.iter().map(|log| log.exp()).sum()
}
