//! Location and scale of each feature: the mean and the standard deviation, unless a few wild rows
//! make them.

use ndarray::Array1;
use pdmap_core::{LayerError, Real};

use super::passes::{Moments, Passes, moments, weight};
use super::quantiles::Quantiles;

/// Robust scales from the median beyond which a row is wild.
const WILD: f64 = 10.0;

/// One row in so many may be wild. Where there are more, they are a part of the distribution.
const ONE_IN: f64 = 200.0;

/// Ratio of the standard deviation to that without the wild rows from which the latter is used.
const RATIO: f64 = 2.0;

/// Distance from the mean, in standard deviations, that a row has at least where the wild ones
/// matter. Without a share `p ≤ 1/ONE_IN` of the rows, the deviation shrinks by `RATIO` only if
/// their mean square distance from the mean is at least `(1 − 1/RATIO²)(1 − p)/p ≥ 149` variances.
const REACH: f64 = 12.0;

/// The location and the scale of each feature.
#[derive(Debug, Clone)]
pub struct Scale {
    /// What is subtracted.
    pub location: Array1<f64>,
    /// What is then divided by; 0 for a constant feature.
    pub deviation: Array1<f64>,
}

impl Scale {
    /// Mean and standard deviation (divisor: sum of the weights) of each feature, by two passes
    /// over the rows.
    ///
    /// Where at most one row in 200 lies farther than 10 robust scales (half the distance of the
    /// quartiles / 0.6745) from the median, and without these rows the deviation is less than
    /// half as large, it is the mean and the deviation without them; two more passes. Features whose
    /// quartiles coincide keep their deviation, whatever the distance of a row.
    ///
    /// # Errors
    /// [`LayerError::NoRows`]; NaN and infinities; those of the passes.
    pub fn fit_in_passes<F: Real, E: From<LayerError>>(passes: &mut Passes<'_, F, E>) -> Result<Self, E> {
        let Moments { count, total, mut mean, mut deviation, reach } = moments(passes)?;
        let far = |&feature: &usize| reach[feature] >= REACH * deviation[feature] && deviation[feature] > 0.0;
        let suspects: Vec<usize> = (0..mean.len()).filter(far).collect();
        if total < ONE_IN || suspects.is_empty() {
            return Ok(Self { location: mean, deviation });
        }
        let quantiles = Quantiles::of(passes, count, &suspects)?;
        let mut trimmed: Vec<Trimmed> = Vec::new();
        for (index, &feature) in suspects.iter().enumerate() {
            let (median, scale) = (quantiles.median(index), quantiles.quartile_scale(index));
            if scale > 0.0 {
                trimmed.push(Trimmed { feature, median, limit: WILD * scale, ..Trimmed::default() });
            }
        }
        passes(&mut |block, weights| {
            for (index, row) in block.rows().into_iter().enumerate() {
                let weight = weight(weights, index);
                trimmed.iter_mut().for_each(|column| column.add(row[column.feature].f64(), weight));
            }
            Ok(())
        })?;
        for column in &trimmed {
            let (own_mean, own_deviation) = column.moments();
            let few = (total - column.weight) * ONE_IN <= total;
            if few && own_deviation > 0.0 && RATIO * own_deviation < deviation[column.feature] {
                mean[column.feature] = own_mean;
                deviation[column.feature] = own_deviation;
            }
        }
        Ok(Self { location: mean, deviation })
    }

    /// Median and robust scale of each feature, from at most 65,536 evenly spaced rows (fewer where
    /// there are more than 256 features: 2²⁴ numbers).
    ///
    /// The scale is the distance of the quartiles / 1.349, by which it is the standard deviation of
    /// a normal distribution. Where the quartiles coincide, it is the distance of the quantiles 0.05
    /// and 0.95 / 3.290, then that of 0.005 and 0.995 / 5.152, then the standard deviation of
    /// all rows.
    ///
    /// # Errors
    /// As [`fit_in_passes`](Self::fit_in_passes).
    pub fn fit_robust_in_passes<F: Real, E: From<LayerError>>(passes: &mut Passes<'_, F, E>) -> Result<Self, E> {
        let Moments { count, deviation, .. } = moments(passes)?;
        let all: Vec<usize> = (0..deviation.len()).collect();
        let quantiles = Quantiles::of(passes, count, &all)?;
        let location = all.iter().map(|&feature| quantiles.median(feature)).collect();
        let scale = |(&feature, &deviation)| quantiles.scale(feature).unwrap_or(deviation);
        Ok(Self { location, deviation: all.iter().zip(&deviation).map(scale).collect() })
    }
}

/// Sums over the rows of a feature that are not wild, relative to the median.
#[derive(Debug, Default)]
struct Trimmed {
    feature: usize,
    median: f64,
    limit: f64,
    weight: f64,
    sum: f64,
    squares: f64,
}

impl Trimmed {
    fn add(&mut self, x: f64, weight: f64) {
        let distance = x - self.median;
        if distance.abs() <= self.limit {
            self.weight += weight;
            self.sum += weight * distance;
            self.squares += weight * distance * distance;
        }
    }

    /// Mean and standard deviation. The mean is within a few scales of the median, so nothing is
    /// lost in the difference.
    fn moments(&self) -> (f64, f64) {
        if self.weight <= 0.0 {
            return (self.median, 0.0);
        }
        let shift = self.sum / self.weight;
        (self.median + shift, (self.squares / self.weight - shift * shift).max(0.0).sqrt())
    }
}
