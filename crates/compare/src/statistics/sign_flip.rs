//! The sign-flip test, which assumes only symmetry, and Holm's correction.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Largest number of differences for which all 2ⁿ sign vectors are enumerated.
const EXACT: usize = 18;

/// Random sign vectors drawn for longer lists.
const DRAWS: u32 = 100_000;

/// Two-sided p-value of the sign-flip test (Fisher 1935).
///
/// The fraction of sign vectors for which the mean of the paired differences is at least as far
/// from 0 as observed. Exact for up to 18 differences, estimated from 100,000 seeded draws beyond.
/// The smallest possible value is `2/2ⁿ`. NaN for an empty list.
pub fn sign_flip(differences: &[f64]) -> f64 {
    let count = differences.len();
    if count == 0 || differences.iter().any(|d| !d.is_finite()) {
        return f64::NAN;
    }
    let observed = differences.iter().sum::<f64>().abs();
    // Summing in a different order changes the last bits.
    let slack = 1e-12 * differences.iter().map(|d| d.abs()).sum::<f64>();
    let extreme = |sign: &dyn Fn(usize) -> bool| {
        let sum: f64 = differences.iter().enumerate().map(|(i, d)| if sign(i) { -d } else { *d }).sum();
        sum.abs() >= observed - slack
    };
    if count <= EXACT {
        let hits = (0..1_u32 << count).filter(|bits| extreme(&|i| bits >> i & 1 == 1)).count();
        return hits as f64 / f64::from(1_u32 << count);
    }
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let hits = (0..DRAWS).filter(|_| {
        let signs: Vec<bool> = (0..count).map(|_| rng.random()).collect();
        extreme(&|i| signs[i])
    });
    // The observed signs count too, so a p-value is never 0.
    (hits.count() as f64 + 1.0) / (f64::from(DRAWS) + 1.0)
}

/// p-values adjusted by Holm's method (1979), which bounds the family-wise error rate.
///
/// The order is kept; NaN stays NaN.
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).filter(|&i| !p_values[i].is_nan()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let (mut adjusted, mut most) = (vec![f64::NAN; p_values.len()], 0.0_f64);
    for (rank, &index) in order.iter().enumerate() {
        most = most.max((order.len() - rank) as f64 * p_values[index]).min(1.0);
        adjusted[index] = most;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p_values_match_values_computed_by_hand() {
        assert_eq!(sign_flip(&[1.0, 2.0, 3.0]), 0.25);
        // |3 − 1 + 2| = 4 is reached by +++ (6), ---, and +-+ and -+- (4).
        assert_eq!(sign_flip(&[3.0, -1.0, 2.0]), 0.5);
        assert_eq!(sign_flip(&[0.0, 0.0]), 1.0);
        assert!(sign_flip(&[]).is_nan() && sign_flip(&[1.0, f64::NAN]).is_nan());
        assert!(sign_flip(&[1.0; 20]) < 1e-4);
        assert_eq!(holm(&[0.04, 0.01, f64::NAN, 0.03])[..2], [0.06, 0.03]);
        assert_eq!(holm(&[0.04, 0.01, f64::NAN, 0.03])[3], 0.06);
        assert_eq!(holm(&[0.6, 0.9]), [1.0, 1.0]);
    }
}
