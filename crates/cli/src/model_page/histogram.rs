//! Histograms, drawn as outlines.

/// A histogram, scaled as a density.
#[derive(Debug)]
pub(super) struct Histogram {
    low: f64,
    width: f64,
    density: Vec<f64>,
}

impl Histogram {
    /// A histogram with `bins` bins of equal width from `low` to `high`. Values outside the range
    /// count in the normalization.
    pub(super) fn new(values: impl Iterator<Item = f64>, (low, high): (f64, f64), bins: usize) -> Self {
        let width = (high - low) / bins.max(1) as f64;
        let (mut counts, mut all) = (vec![0u64; bins.max(1)], 0u64);
        for value in values {
            all += 1;
            if (low..=high).contains(&value) {
                let bin = ((value - low) / width) as usize;
                counts[bin.min(bins.max(1) - 1)] += 1;
            }
        }
        let unit = 1.0 / (all.max(1) as f64 * width);
        Self { low, width, density: counts.into_iter().map(|count| count as f64 * unit).collect() }
    }

    /// The largest density, always positive.
    pub(super) fn highest(&self) -> f64 {
        self.density.iter().copied().fold(f64::MIN_POSITIVE, f64::max)
    }

    /// The outline: two corners per bin, and 0 at both ends.
    pub(super) fn outline(&self) -> Vec<(f64, f64)> {
        let at = |edge: usize| self.low + edge as f64 * self.width;
        let mut points = vec![(at(0), 0.0)];
        for (bin, &density) in self.density.iter().enumerate() {
            points.extend([(at(bin), density), (at(bin + 1), density)]);
        }
        points.push((at(self.density.len()), 0.0));
        points
    }
}

/// The quantiles `tail` and `1 − tail`, widened if they coincide; `None` without finite values.
pub(super) fn span(values: impl Iterator<Item = f64>, tail: f64) -> Option<(f64, f64)> {
    let mut values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
    let last = values.len().checked_sub(1)?;
    let place = |share: f64| (share * last as f64).round() as usize;
    let (low, high) = (place(tail), place(1.0 - tail));
    let low = *values.select_nth_unstable_by(low, f64::total_cmp).1;
    let high = *values.select_nth_unstable_by(high, f64::total_cmp).1;
    let margin = if high > low { 0.0 } else { 0.5 * low.abs().max(1.0) };
    Some((low - margin, high + margin))
}

/// Number of bins by Rice's rule `2 n^⅓`, limited to what a plot can show.
pub(super) fn bins(count: usize) -> usize {
    ((2.0 * (count as f64).cbrt()) as usize).clamp(8, 80)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_is_normalized_by_all_values() {
        let histogram = Histogram::new([0.0, 0.1, 0.9, 1.0, 5.0].into_iter(), (0.0, 1.0), 2);
        assert_eq!(histogram.density, [0.8, 0.8]); // 2 of 5 in a bin of 0.5
        let outline = histogram.outline();
        assert_eq!(outline, [(0.0, 0.0), (0.0, 0.8), (0.5, 0.8), (0.5, 0.8), (1.0, 0.8), (1.0, 0.0)]);
    }

    #[test]
    fn spans_are_quantiles_and_never_empty() {
        assert_eq!(span((0..=100).map(f64::from), 0.05).unwrap(), (5.0, 95.0));
        assert_eq!(span([3.0, f64::NAN, 3.0].into_iter(), 0.0).unwrap(), (1.5, 4.5));
        assert!(span([f64::NAN].into_iter(), 0.1).is_none());
    }
}
