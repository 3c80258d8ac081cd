//! Quantiles of features from evenly spaced rows.

use pdmap_core::{LayerError, Real};

use super::passes::Passes;

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
    columns: Vec<Vec<f64>>,
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
        let mut first = 0;
        passes(&mut |block| {
            let skipped = (every - first % every) % every;
            for row in block.rows().into_iter().skip(skipped).step_by(every) {
                columns.iter_mut().zip(features).for_each(|(column, &feature)| column.push(row[feature].f64()));
            }
            first += block.nrows();
            Ok(())
        })?;
        Ok(Self { columns })
    }

    /// A quantile of the feature with this index, with linear interpolation.
    fn at(&mut self, index: usize, share: f64) -> f64 {
        let values = &mut self.columns[index];
        let Some(last) = values.len().checked_sub(1) else { return f64::NAN };
        let place = share * last as f64;
        let below = (place as usize).min(last);
        let (_, &mut low, above) = values.select_nth_unstable_by(below, f64::total_cmp);
        let high = above.iter().copied().min_by(f64::total_cmp).unwrap_or(low);
        low + (place - below as f64) * (high - low)
    }

    pub(super) fn median(&mut self, index: usize) -> f64 {
        self.at(index, 0.5)
    }

    /// The scale by the quartiles; 0 where they coincide.
    pub(super) fn quartile_scale(&mut self, index: usize) -> f64 {
        self.by_pair(index, PAIRS[0])
    }

    /// The scale by the first pair of quantiles that do not coincide.
    pub(super) fn scale(&mut self, index: usize) -> Option<f64> {
        PAIRS.into_iter().map(|pair| self.by_pair(index, pair)).find(|&scale| scale > 0.0)
    }

    fn by_pair(&mut self, index: usize, (lower, distance): (f64, f64)) -> f64 {
        (self.at(index, 1.0 - lower) - self.at(index, lower)) / distance
    }
}
