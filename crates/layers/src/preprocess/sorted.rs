//! Numbers in ascending order, each as often as its weight says.

/// Sorted numbers. A number of weight `w` stands for `w` equal ones.
#[derive(Debug, Clone)]
pub(super) struct Sorted {
    values: Vec<f64>,
    /// The sum of the weights of the numbers before each, and of all; none where every weight is 1.
    before: Option<Vec<f64>>,
}

impl Sorted {
    /// Sorts numbers of these weights. Those of weight 0 are left out.
    pub(super) fn new(mut values: Vec<f64>, weights: Option<&[f64]>) -> Self {
        let Some(weights) = weights else {
            values.sort_unstable_by(f64::total_cmp);
            return Self { values, before: None };
        };
        let counted = values.into_iter().zip(weights.iter().copied()).filter(|&(_, weight)| weight > 0.0);
        let mut pairs: Vec<(f64, f64)> = counted.collect();
        pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let mut before = vec![0.0];
        for (_, weight) in &pairs {
            before.push(before[before.len() - 1] + weight);
        }
        Self { values: pairs.into_iter().map(|(value, _)| value).collect(), before: Some(before) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The sum of the weights.
    fn total(&self) -> f64 {
        self.weight_before(self.values.len())
    }

    /// The sum of the weights of the first numbers.
    fn weight_before(&self, count: usize) -> f64 {
        self.before.as_ref().map_or(count as f64, |before| before[count])
    }

    /// The number at a place of the repeated ones, counted from 0.
    fn at(&self, place: f64) -> f64 {
        let last = self.values.len() - 1;
        let index = match &self.before {
            None => place as usize,
            Some(before) => before.partition_point(|&before| before <= place).saturating_sub(1),
        };
        self.values[index.min(last)]
    }

    /// The nearest number to a quantile; there must be numbers.
    pub(super) fn nearest(&self, share: f64) -> f64 {
        self.at((share * self.last()).round())
    }

    /// A quantile, with linear interpolation between two numbers; NaN for no numbers.
    pub(super) fn quantile(&self, share: f64) -> f64 {
        if self.is_empty() {
            return f64::NAN;
        }
        let place = share * self.last();
        let (low, high) = (self.at(place.floor()), self.at(place.floor() + 1.0));
        low + place.fract() * (high - low)
    }

    /// The place of the last of the repeated numbers.
    fn last(&self) -> f64 {
        (self.total() - 1.0).max(0.0)
    }

    /// The sum of the weights of the numbers in `[from, to)`.
    pub(super) fn within(&self, from: f64, to: f64) -> f64 {
        let before = |bound: f64| self.weight_before(self.values.partition_point(|&value| value < bound));
        before(to) - before(from)
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)]
mod tests {
    use super::*;

    #[test]
    fn weights_that_are_whole_numbers_repeat_numbers() {
        let values = vec![3.0, -1.0, 7.0, 0.5, 2.0];
        let weights = [2.0, 1.0, 0.0, 3.0, 1.0];
        let repeated: Vec<f64> = values.iter().zip(weights).flat_map(|(&v, w)| vec![v; w as usize]).collect();
        let (repeated, weighted) = (Sorted::new(repeated, None), Sorted::new(values, Some(&weights)));
        for step in 0..=40 {
            let share = f64::from(step) / 40.0;
            assert_eq!(repeated.quantile(share), weighted.quantile(share), "{share}");
            assert_eq!(repeated.nearest(share), weighted.nearest(share), "{share}");
        }
        for (from, to) in [(-2.0, 0.5), (-1.0, 3.0), (0.0, 9.0), (3.0, f64::INFINITY)] {
            assert_eq!(repeated.within(from, to), weighted.within(from, to));
        }
        assert!(Sorted::new(vec![], None).quantile(0.5).is_nan());
    }
}
