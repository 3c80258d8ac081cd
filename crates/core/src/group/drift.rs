//! When to re-centre a weight on O(D): a bound on the rounding since the last re-centring.
//!
//! In units of ε, a step is charged with
//!
//! ```text
//! max_j (Σ_k w_kj⁴)^½  +  max_i ‖ηA_i‖
//! ```
//!
//! as its contribution to `max|WᵀW − I|`.
//!
//! **First term.** Adding the increment rounds each entry by at most `½ε|w_kj|`. The roundings of
//! one step have independent signs, so `2 Σ_k w_kj e_kj` is about `ε (Σ_k w_kj⁴)^½`. Over several
//! steps they need not be independent (a small steady step is rounded the same way again and
//! again), so the charges add up linearly. The term is 1 for the identity and `√(3/D)` for a Haar
//! matrix; it is evaluated at each re-centring and changes little until the next. **Second term.**
//! The increment `ηA W` is rounded relative to itself, and no row of it is longer than the
//! corresponding row of `ηA`.
//!
//! When the sum reaches [`BUDGET`], one Newton–Schulz step (4·D³) removes the rounding. With small
//! steps, O(784) re-centres about every hundred updates; the worst cases, near a permutation or
//! with rows of `ηA` of length 1, every 8.

use ndarray::Array2;

use crate::contract::State;
use crate::{Real, Result};

/// Accumulated rounding, in ε, that triggers re-centring. Re-centring leaves 1 or 2 ε; 32 are
/// allowed.
const BUDGET: f64 = 8.0;

/// Rounding since the last re-centring.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Drift {
    sum: f64,
    /// `max_j (Σ_k w_kj⁴)^½` at the last re-centring.
    spread: f64,
}

impl Drift {
    /// The state of a weight that was just made or re-centred.
    pub(super) fn new<F: Real>(w: &Array2<F>) -> Self {
        let fourth = |column: ndarray::ArrayView1<'_, F>| column.iter().map(|v| v.f64().powi(4)).sum::<f64>();
        let spread = w.columns().into_iter().map(fourth).fold(0.0, f64::max).sqrt();
        Self { sum: 0.0, spread }
    }

    /// Charges a step whose longest row has norm `row`; returns whether re-centring is due.
    pub(super) fn charge(&mut self, row: f64) -> bool {
        self.sum += self.spread + row;
        // Also for NaN.
        self.sum.is_nan() || self.sum >= BUDGET
    }

    /// Writes both numbers, bit for bit.
    pub(super) fn save<F: Real>(&self, name: &str, state: &mut State<F>) {
        state.put_number(&format!("{name}.drift"), self.sum.to_bits());
        state.put_number(&format!("{name}.spread"), self.spread.to_bits());
    }

    /// Restores what [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// Missing entries.
    pub(super) fn load<F: Real>(name: &str, state: &mut State<F>) -> Result<Self> {
        let sum = f64::from_bits(state.take_number(&format!("{name}.drift"))?);
        let spread = f64::from_bits(state.take_number(&format!("{name}.spread"))?);
        Ok(Self { sum, spread })
    }
}

/// Norm of the longest row of the skew matrix whose strict lower triangle is given row by row;
/// `sums` is scratch memory.
pub(super) fn longest_row<F: Real>(packed: &[F], dim: usize, sums: &mut Vec<f64>) -> f64 {
    sums.clear();
    sums.resize(dim, 0.0);
    let mut entries = packed.iter();
    for i in 0..dim {
        for (j, &a) in (0..i).zip(&mut entries) {
            let square = a.f64() * a.f64();
            sums[i] += square;
            sums[j] += square;
        }
    }
    sums.iter().fold(0.0_f64, |longest, &sum| longest.max(sum)).sqrt()
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::{Drift, longest_row};
    use crate::group::haar;

    fn updates(w: &Array2<f64>, row: f64) -> u32 {
        let mut drift = Drift::new(w);
        (1..).find(|_| drift.charge(row)).unwrap_or(0)
    }

    #[test]
    fn small_steps_are_charged_little_and_the_worst_as_by_the_fixed_rule() {
        let haar = haar::<f64>(200, &mut ChaCha8Rng::seed_from_u64(1));
        let identity = Array2::<f64>::eye(200);
        assert!((50..90).contains(&updates(&haar, 1e-3)), "{}", updates(&haar, 1e-3));
        assert_eq!(updates(&identity, 1e-9), 8);
        assert_eq!(updates(&haar, 1.0), 7);
        assert_eq!(updates(&haar, 8.0), 1);
        assert_eq!(updates(&haar, f64::NAN), 1);
    }

    #[test]
    fn rows_of_a_skew_matrix() {
        // [[0, −1, −2], [1, 0, −3], [2, 3, 0]]
        let longest = longest_row(&[1.0_f64, 2.0, 3.0], 3, &mut vec![]);
        assert!((longest - 13f64.sqrt()).abs() < 1e-15, "{longest}");
    }
}
