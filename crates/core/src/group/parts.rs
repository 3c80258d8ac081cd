//! The symmetric and the skew part of a direction in the algebra.

use crate::Real;

/// Puts the symmetric part of each pair of entries in the place of the lower one and the skew part in
/// that of the upper one, each over √2; and back, since the map is its own inverse.
pub(super) fn to_parts<F: Real>(direction: &mut [F], dim: usize) {
    let share = F::of(std::f64::consts::FRAC_1_SQRT_2);
    for i in 0..dim {
        for j in 0..i {
            let (lower, upper) = (direction[i * dim + j], direction[j * dim + i]);
            (direction[i * dim + j], direction[j * dim + i]) = (share * (lower + upper), share * (lower - upper));
        }
    }
}

/// Shortens the symmetric parts off the diagonal.
pub(super) fn shorten_shears<F: Real>(parts: &mut [F], dim: usize, rate: f64) {
    let rate = F::of(rate);
    (0..dim).for_each(|i| parts[i * dim..i * dim + i].iter_mut().for_each(|part| *part *= rate));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_return_and_shears_are_shortened() {
        let start = [1.0, 2.0, -3.0, 4.0, 5.0, 0.5, 7.0, -8.0, 9.0_f64];
        let mut parts = start;
        to_parts(&mut parts, 3);
        let root = std::f64::consts::SQRT_2;
        assert!((parts[3] * root - 6.0).abs() < 1e-12 && (parts[1] * root - 2.0).abs() < 1e-12, "{parts:?}");
        assert!((parts[4] - 5.0).abs() < 1e-12);
        shorten_shears(&mut parts, 3, 0.5);
        to_parts(&mut parts, 3);
        // Half of the symmetric part and all of the skew one.
        for (i, j) in [(1, 0), (2, 0), (2, 1)] {
            let (lower, upper) = (start[3 * i + j], start[3 * j + i]);
            let (symmetric, skew) = (0.5 * (lower + upper), 0.5 * (lower - upper));
            assert!((parts[3 * i + j] - (0.5 * symmetric + skew)).abs() < 1e-12);
            assert!((parts[3 * j + i] - (0.5 * symmetric - skew)).abs() < 1e-12);
        }
        assert!((0..3).all(|i| (parts[4 * i] - start[4 * i]).abs() < 1e-12));
    }
}
