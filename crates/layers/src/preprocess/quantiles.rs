//! Quantiles of features from evenly spaced rows.

use pdmap_core::{LayerError, Real};

use super::passes::{Passes, weight};
use super::sorted::Sorted;

/// Rows in a sample at most: the standard error of a quartile is then below a hundredth of the
/// scale.
const ROWS: usize = 1 << 16;

/// Numbers in a sample at most.
const NUMBERS: usize = 1 << 24;

/// Pairs of quantiles, the lower one, and their distance for a normal distribution of variance 1.
const PAIRS: [(f64, f64); 3] =
    [(0.25, 1.348_979_500_392_163_4), (0.05, 3.289_707_253_902_945), (0.005, 5.151_658_607_097_8)];

/// The sampled numbers of some features.
pub(super) struct Quantiles {
    columns: Vec<Sorted>,
}

impl Quantiles {
    /// Of these features, by one pass over `count` rows.
    pub(super) fn of<F: Real, E: From<LayerError>>(
        passes: &mut Passes<'_, F, E>,
        count: usize,
        features: &[usize],
    ) -> Result<Self, E> {
        let most = (NUMBERS / features.len().max(1)).clamp(1, ROWS);
        let every = count.div_ceil(most).max(1);
        let mut columns = vec![Vec::with_capacity(count.div_ceil(every)); features.len()];
        let (mut first, mut sampled) = (0, None);
        passes(&mut |block, weights| {
            let skipped = (every - first % every) % every;
            for (index, row) in block.rows().into_iter().enumerate().skip(skipped).step_by(every) {
                columns.iter_mut().zip(features).for_each(|(column, &feature)| column.push(row[feature].f64()));
                if weights.is_some() {
                    sampled.get_or_insert_with(Vec::new).push(weight(weights, index));
                }
            }
            first += block.nrows();
            Ok(())
        })?;
        Ok(Self { columns: columns.into_iter().map(|column| Sorted::new(column, sampled.as_deref())).collect() })
    }

    /// A quantile of the feature with this index, with linear interpolation.
    fn at(&self, index: usize, share: f64) -> f64 {
        self.columns[index].quantile(share)
    }

    pub(super) fn median(&self, index: usize) -> f64 {
        self.at(index, 0.5)
    }

    /// The scale by the quartiles; 0 where they coincide.
    pub(super) fn quartile_scale(&self, index: usize) -> f64 {
        self.by_pair(index, PAIRS[0])
    }

    /// The scale by the first pair of quantiles that do not coincide.
    pub(super) fn scale(&self, index: usize) -> Option<f64> {
        PAIRS.into_iter().map(|pair| self.by_pair(index, pair)).find(|&scale| scale > 0.0)
    }

    fn by_pair(&self, index: usize, (lower, distance): (f64, f64)) -> f64 {
        (self.at(index, 1.0 - lower) - self.at(index, lower)) / distance
    }
}
