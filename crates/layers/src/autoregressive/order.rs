//! The order of the features.

use pdmap_core::Real;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::coupling::each_row;

/// The order in which features depend on each other: each on those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// As they are.
    #[default]
    Natural,
    /// From the last to the first.
    Reversed,
    /// A random order, drawn from this seed; the same on every platform and in every version.
    Seed(u64),
}

impl Order {
    /// The feature at each position.
    pub fn positions(self, features: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..features).collect();
        match self {
            Self::Natural => {}
            Self::Reversed => order.reverse(),
            Self::Seed(seed) => {
                let mut rng = ChaCha8Rng::seed_from_u64(seed);
                // Fisher and Yates, written out: files hold a seed instead of an order, so the
                // order must never change, as that of a library might.
                for last in (1..features).rev() {
                    let at = (u128::from(rng.next_u64()) * (last as u128 + 1)) >> 64;
                    order.swap(last, at as usize);
                }
            }
        }
        order
    }
}

/// Writes the features of each row by position; rows of `width` numbers may have more behind them.
pub(super) fn gather<F: Real>(order: &[usize], (x, width): (&[F], usize), ordered: &mut [F]) {
    each_row((x, width), (ordered, order.len()), |_, x, ordered| {
        ordered.iter_mut().zip(order).for_each(|(to, &feature)| *to = x[feature]);
    });
}

/// The inverse of [`gather`], which leaves the numbers behind the features.
pub(super) fn scatter<F: Real>(order: &[usize], ordered: &[F], (x, width): (&mut [F], usize)) {
    each_row((ordered, order.len()), (x, width), |_, ordered, x| {
        ordered.iter().zip(order).for_each(|(&from, &feature)| x[feature] = from);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const PINNED: [usize; 8] = [5, 0, 6, 2, 3, 4, 7, 1];

    #[test]
    fn orders_are_permutations_that_never_change() {
        assert_eq!(Order::Natural.positions(3), [0, 1, 2]);
        assert_eq!(Order::Reversed.positions(3), [2, 1, 0]);
        for features in [0, 1, 2, 9, 100] {
            let mut order = Order::Seed(7).positions(features);
            order.sort_unstable();
            assert!(order.into_iter().eq(0..features));
        }
        // Pinned: model files hold the seed alone.
        assert_eq!(Order::Seed(7).positions(8), PINNED);
        assert_ne!(Order::Seed(8).positions(8), PINNED);
    }

    #[test]
    fn features_return_to_their_places() {
        let order = Order::Seed(3).positions(5);
        let x: Vec<f64> = (0..10).map(f64::from).collect();
        let (mut ordered, mut back) = (vec![0.0; 10], vec![0.0; 10]);
        gather(&order, (&x, 5), &mut ordered);
        assert_eq!(ordered[5], 5.0 + order[0] as f64);
        scatter(&order, &ordered, (&mut back, 5));
        assert_eq!(x, back);
    }
}
