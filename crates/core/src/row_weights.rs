//! How often each row counts.

use crate::{LayerError, Result};

/// Weights of rows, at least 0 and not all 0: a row of weight `w` counts as `w` equal rows. With
/// whole numbers, every sum over rows is that over the repeated rows, up to rounding.
#[derive(Debug, Clone, PartialEq)]
pub struct RowWeights {
    each: Vec<f64>,
}

impl RowWeights {
    /// The weight of each row.
    ///
    /// # Errors
    /// [`LayerError::RowWeight`] for a weight that is negative or not finite; [`LayerError::Range`]
    /// for a sum that is 0 or overflows, as that of no rows.
    pub fn new(each: Vec<f64>) -> Result<Self> {
        let wrong = each.iter().position(|&weight| !(weight >= 0.0 && weight.is_finite()));
        if let Some(row) = wrong {
            return Err(LayerError::RowWeight { row, value: each[row] });
        }
        let (value, range) = (each.iter().sum::<f64>(), "positive and finite");
        if value > 0.0 && value.is_finite() {
            return Ok(Self { each });
        }
        Err(LayerError::Range { what: "sum of the weights of rows", value, range })
    }

    /// The weights.
    pub fn each(&self) -> &[f64] {
        &self.each
    }

    /// Their sum `Σ w`: as many rows count.
    pub fn sum(&self) -> f64 {
        self.each.iter().sum()
    }

    /// `(Σ w)² / Σ w²`: so many independent rows of equal weight give a mean of the same variance
    /// (Kish 1965, *Survey Sampling*, section 8.2).
    pub fn effective(&self) -> f64 {
        // The largest weight first: squares of the others cannot overflow.
        let largest = self.each.iter().copied().fold(0.0, f64::max);
        let squares: f64 = self.each.iter().map(|weight| (weight / largest).powi(2)).sum();
        (self.sum() / largest).powi(2) / squares
    }

    /// The factor with which these weights, beside `others` of the same data, count rows. Whole numbers
    /// count rows as they are and need none; otherwise it is `effective/Σ w`, since the sum may be anything.
    pub fn counting_factor(&self, others: &[f64]) -> Option<f64> {
        let counted = self.each.iter().chain(others).all(|weight| weight.fract() == 0.0);
        (!counted).then(|| self.effective() / self.sum())
    }

    /// The same weights scaled to this sum.
    ///
    /// # Errors
    /// A sum that is not positive and finite.
    pub fn scaled_to(&self, sum: f64) -> Result<Self> {
        let factor = sum / self.sum();
        Self::new(self.each.iter().map(|weight| weight * factor).collect())
    }

    /// The weights of some rows.
    ///
    /// # Errors
    /// Weights that are all 0.
    pub fn choose(&self, rows: &[usize]) -> Result<Self> {
        Self::new(rows.iter().map(|&row| self.each[row]).collect())
    }
}

/// The weighted mean `Σ w v / Σ w`; without weights the mean, NaN for no values.
pub fn mean(values: &[f64], weights: Option<&[f64]>) -> f64 {
    match weights {
        None => values.iter().sum::<f64>() / values.len() as f64,
        // A row of weight 0 does not count, whatever its value.
        Some(weights) => {
            let counted = values.iter().zip(weights).filter(|(_, weight)| **weight > 0.0);
            counted.map(|(value, weight)| value * weight).sum::<f64>() / weights.iter().sum::<f64>()
        }
    }
}

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

    /// Systematic sampling: the rows at the shares `(n + offset)/count` of the whole length, in
    /// ascending order, for an offset in [0, 1). Row `i` comes `count w_i/Σw` times, rounded up or
    /// down; with an offset from `U(0, 1)`, exactly so often in the mean.
    pub fn systematic(&self, count: usize, offset: f64) -> impl ExactSizeIterator<Item = usize> {
        (0..count).map(move |index| self.row((index as f64 + offset) / count as f64))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_numbers_of_rows() {
        let weights = RowWeights::new(vec![2.0, 0.0, 1.0]).unwrap();
        assert_eq!((weights.sum(), weights.effective()), (3.0, 9.0 / 5.0));
        assert_eq!(weights.choose(&[2, 0]).unwrap().each(), [1.0, 2.0]);
        assert_eq!(weights.scaled_to(6.0).unwrap().each(), [4.0, 0.0, 2.0]);
        assert_eq!(mean(&[1.0, f64::NEG_INFINITY, 4.0], Some(weights.each())), 2.0);
        assert_eq!(mean(&[1.0, 3.0], None), 2.0);
        assert!((RowWeights::new(vec![1e300; 4]).unwrap().effective() - 4.0).abs() < 1e-12);
    }

    #[test]
    fn weights_that_are_no_numbers_of_rows_are_refused() {
        for (each, row) in [(vec![1.0, -1.0], 1), (vec![f64::NAN], 0), (vec![1.0, 1.0, f64::INFINITY], 2)] {
            assert!(matches!(RowWeights::new(each), Err(LayerError::RowWeight { row: at, .. }) if at == row));
        }
        for each in [vec![], vec![0.0, 0.0], vec![1e308, 1e308]] {
            assert!(matches!(RowWeights::new(each), Err(LayerError::Range { .. })));
        }
        assert!(RowWeights::new(vec![1.0, 0.0]).unwrap().choose(&[1]).is_err());
    }

    #[test]
    fn rows_come_in_proportion_to_their_weights() {
        let rows = ByWeight::new(&[0.0, 1.0, 0.0, 3.0, 0.5, 0.0]);
        let mut counts = [0; 6];
        rows.systematic(4500, 0.5).for_each(|row| counts[row] += 1);
        assert_eq!(counts, [0, 1000, 0, 3000, 500, 0]);
        assert_eq!((rows.row(0.0), rows.row(1.0)), (1, 4));
        // Equal weights: each row once.
        let equal = ByWeight::new(&[1.0; 7]);
        assert!((0..7).all(|row| equal.row((f64::from(row) + 0.25) / 7.0) == usize::try_from(row).unwrap_or(9)));
    }
}
