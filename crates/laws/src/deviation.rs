//! Largest deviations that do not hide a NaN.

/// The largest deviation; 0 where there are none, NaN where one is NaN. (`f64::max` drops a NaN beside any
/// number, so a fold with it would let a broken result pass.)
pub fn worst(deviations: impl Iterator<Item = f64>) -> f64 {
    deviations.fold(0.0, |worst, d| if worst.is_nan() || d.is_nan() { f64::NAN } else { worst.max(d) })
}

#[cfg(test)]
mod tests {
    use super::worst;

    #[test]
    fn a_nan_is_kept_at_any_position() {
        for place in 0..3 {
            let mut deviations = [1.0, 3.0, 2.0];
            assert_eq!(worst(deviations.into_iter()), 3.0);
            deviations[place] = f64::NAN;
            assert!(worst(deviations.into_iter()).is_nan(), "NaN at {place} was lost");
        }
        assert_eq!(worst(std::iter::empty()), 0.0);
    }
}
