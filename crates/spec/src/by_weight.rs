//! Rows in proportion to their weights.

/// Rows laid end to end, each as long as its weight.
#[derive(Debug, Clone)]
pub struct ByWeight {
    /// Where each row ends.
    ends: Vec<f64>,
}

impl ByWeight {
    /// Rows of these weights, which are at least 0 and not all 0.
    pub fn new(weights: &[f64]) -> Self {
        let mut sum = 0.0;
        let end = |&weight: &f64| {
            sum += weight;
            sum
        };
        Self { ends: weights.iter().map(end).collect() }
    }

    /// The row at a share in [0, 1) of the whole length; never one of weight 0.
    pub fn row(&self, share: f64) -> usize {
        let at = share * self.ends.last().copied().unwrap_or(0.0);
        // The first row that ends beyond it. Rounding may put it at the end of the last one.
        let last = self.ends.partition_point(|&end| end < self.ends.last().copied().unwrap_or(0.0));
        self.ends.partition_point(|&end| end <= at).min(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_in_proportion_to_their_weights() {
        let rows = ByWeight::new(&[0.0, 1.0, 0.0, 3.0, 0.5, 0.0]);
        let mut counts = [0; 6];
        (0..4500).for_each(|index| counts[rows.row((f64::from(index) + 0.5) / 4500.0)] += 1);
        assert_eq!(counts, [0, 1000, 0, 3000, 500, 0]);
        assert_eq!((rows.row(0.0), rows.row(1.0)), (1, 4));
        // Equal weights: each row once.
        let equal = ByWeight::new(&[1.0; 7]);
        assert!((0..7).all(|row| equal.row((f64::from(row) + 0.25) / 7.0) == usize::try_from(row).unwrap_or(9)));
    }
}
