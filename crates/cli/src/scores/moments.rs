//! Mean and standard error of values that arrive in blocks.

/// Values per chunk.
const CHUNK: usize = 1024;

/// Count, mean and sum of squared deviations, of values that count as often as their weights say.
///
/// Welford's recurrence (1962) within chunks of 1024 values, which are merged in order (Chan, Golub
/// & LeVeque 1983). Without a sum of squares, nothing cancels if the mean is large.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Moments {
    count: u64,
    /// The sum of the weights.
    total: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    /// Adds values. Several calls give the same bits as one if all but the last add a multiple of
    /// 1024 values. Those of weight 0 do not count.
    pub(crate) fn add(&mut self, values: &[f64], weights: Option<&[f64]>) {
        for (index, chunk) in values.chunks(CHUNK).enumerate() {
            let mut own = Self::default();
            for (place, &value) in (index * CHUNK..).zip(chunk) {
                let weight = weights.map_or(1.0, |weights| weights[place]);
                if weight == 0.0 {
                    continue;
                }
                own.count += 1;
                own.total += weight;
                let away = value - own.mean;
                own.mean += weight * away / own.total;
                own.squares += weight * away * (value - own.mean);
            }
            if own.count > 0 {
                self.merge(own);
            }
        }
    }

    fn merge(&mut self, other: Self) {
        let count = self.count + other.count;
        let total = self.total + other.total;
        let (own, share) = (self.total, other.total / total);
        let away = other.mean - self.mean;
        self.mean += away * share;
        self.squares += other.squares + away * away * own * share;
        (self.count, self.total) = (count, total);
    }

    /// The number of values of positive weight.
    pub(crate) fn count(self) -> u64 {
        self.count
    }

    /// The mean; 0 without values.
    pub(crate) fn mean(self) -> f64 {
        self.mean
    }

    /// `√(Σ w (x − x̄)² / (n − 1) / n)` with `n = Σ w`; NaN for fewer than two values.
    pub(crate) fn standard_error(self) -> f64 {
        let total = self.total;
        if self.count < 2 || total <= 1.0 { f64::NAN } else { (self.squares / (total - 1.0) / total).sqrt() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_match_values_computed_by_hand() {
        let mut moments = Moments::default();
        moments.add(&[1.0, 2.0, 3.0, 4.0], None);
        assert!((moments.mean() - 2.5).abs() < 1e-15);
        assert!((moments.standard_error() - (5.0_f64 / 3.0 / 4.0).sqrt()).abs() < 1e-15);
        let mut one = Moments::default();
        one.add(&[7.0], None);
        assert!(one.mean() == 7.0 && one.standard_error().is_nan());
        // Weights repeat values.
        let (mut weighted, mut repeated) = (Moments::default(), Moments::default());
        weighted.add(&[1.0, f64::NEG_INFINITY, 4.0, 2.5], Some(&[3.0, 0.0, 1.0, 2.0]));
        repeated.add(&[1.0, 1.0, 1.0, 4.0, 2.5, 2.5], None);
        assert!((weighted.mean() - repeated.mean()).abs() < 1e-15);
        assert!((weighted.standard_error() - repeated.standard_error()).abs() < 1e-15);
    }

    #[test]
    fn blocks_give_the_same_bits_and_a_large_mean_loses_no_digits() {
        // Deviations of exactly ±1 around a mean so large that a naive sum of squares loses all
        // digits.
        let values: Vec<f64> = (0..10_000).map(|i| 1e9 + if i % 2 == 0 { 1.0 } else { -1.0 }).collect();
        let mut whole = Moments::default();
        whole.add(&values, None);
        for block in [1024, 3 * 1024] {
            let mut blocks = Moments::default();
            values.chunks(block).for_each(|chunk| blocks.add(chunk, None));
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
