//! Mean and standard error of values that arrive in blocks.

/// Values per chunk.
const CHUNK: usize = 1024;

/// Count, mean and sum of squared deviations.
///
/// Welford's recurrence (1962) within chunks of 1024 values, which are merged in order (Chan, Golub
/// & LeVeque 1983). Without a sum of squares, nothing cancels if the mean is large.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Moments {
    count: u64,
    mean: f64,
    squares: f64,
}

impl Moments {
    /// Adds values. Several calls give the same bits as one if all but the last add a multiple of
    /// 1024 values.
    pub(crate) fn add(&mut self, values: &[f64]) {
        for chunk in values.chunks(CHUNK) {
            let mut own = Self::default();
            for &value in chunk {
                own.count += 1;
                let away = value - own.mean;
                own.mean += away / own.count as f64;
                own.squares += away * (value - own.mean);
            }
            self.merge(own);
        }
    }

    fn merge(&mut self, other: Self) {
        let count = self.count + other.count;
        let (own, share) = (self.count as f64, other.count as f64 / count as f64);
        let away = other.mean - self.mean;
        self.mean += away * share;
        self.squares += other.squares + away * away * own * share;
        self.count = count;
    }

    /// The number of values.
    pub(crate) fn count(self) -> u64 {
        self.count
    }

    /// The mean; 0 without values.
    pub(crate) fn mean(self) -> f64 {
        self.mean
    }

    /// `√(Σ(x − x̄)² / (n − 1) / n)`; NaN for fewer than two values.
    pub(crate) fn standard_error(self) -> f64 {
        let count = self.count as f64;
        if self.count < 2 { f64::NAN } else { (self.squares / (count - 1.0) / count).sqrt() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_match_values_computed_by_hand() {
        let mut moments = Moments::default();
        moments.add(&[1.0, 2.0, 3.0, 4.0]);
        assert!((moments.mean() - 2.5).abs() < 1e-15);
        assert!((moments.standard_error() - (5.0_f64 / 3.0 / 4.0).sqrt()).abs() < 1e-15);
        let mut one = Moments::default();
        one.add(&[7.0]);
        assert!(one.mean() == 7.0 && one.standard_error().is_nan());
    }

    #[test]
    fn blocks_give_the_same_bits_and_a_large_mean_loses_no_digits() {
        // Deviations of exactly ±1 around a mean so large that a naive sum of squares loses all
        // digits.
        let values: Vec<f64> = (0..10_000).map(|i| 1e9 + if i % 2 == 0 { 1.0 } else { -1.0 }).collect();
        let mut whole = Moments::default();
        whole.add(&values);
        for block in [1024, 3 * 1024] {
            let mut blocks = Moments::default();
            values.chunks(block).for_each(|chunk| blocks.add(chunk));
            assert_eq!(blocks.mean().to_bits(), whole.mean().to_bits());
            assert_eq!(blocks.standard_error().to_bits(), whole.standard_error().to_bits());
        }
        let expected = (10_000.0_f64 / 9_999.0 / 10_000.0).sqrt();
        assert!((whole.mean() - 1e9).abs() < 1e-6);
        assert!((whole.standard_error() / expected - 1.0).abs() < 1e-6, "{}", whole.standard_error());
        let count = values.len() as f64;
        let (sum, squares) = values.iter().fold((0.0, 0.0), |(s, q), v| (s + v, q + v * v));
        let naive = ((squares / count - (sum / count).powi(2)) / (count - 1.0)).max(0.0).sqrt();
        assert!((naive / expected - 1.0).abs() > 0.1, "the naive sum of squares is accurate: {naive}");
    }
}
