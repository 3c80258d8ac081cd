//! Uniform noise on discrete features.

use ndarray::{ArrayViewMut1, ArrayViewMut2, Axis};
use pdmap_core::Real;
use pdmap_data::ColumnSummary;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// A feature whose values are `origin` plus multiples of `step`, in units of its column.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiscreteFeature {
    /// Position among the features.
    pub feature: usize,
    /// Distance between neighbouring values.
    pub step: f64,
    /// One of the values.
    pub origin: f64,
}

impl DiscreteFeature {
    /// Feature number `feature`, if its column is discrete.
    pub fn of(feature: usize, column: &ColumnSummary) -> Option<Self> {
        column.discrete_step().map(|step| Self { feature, step, origin: column.min })
    }

    /// The grid value whose cell `[v − step/2, v + step/2)` holds `value`.
    pub fn round(&self, value: f64) -> f64 {
        self.origin + self.step * ((value - self.origin) / self.step).round()
    }
}

/// Adds uniform noise of one step, `x + step·(u − ½)` with `u ~ U(0, 1)`, to the discrete features of
/// rows.
///
/// No density exists on a grid: a flow gains without bound by concentrating on its points. With the
/// noise, the mean of `log p(x + noise)` is a lower bound on `log P(cell) − Σ log step`, where `P(cell)`
/// is the probability that the flow assigns to the cell around `x` (Theis, van den Oord & Bethge
/// 2016, "A note on the evaluation of generative models", section 3.1; by Jensen's inequality).
///
/// The noise is a function of the seed, the draw and the number of the row, so that any row of any
/// draw can be made again.
#[derive(Debug, Clone)]
pub struct Dequantizer {
    /// Features and their steps.
    steps: Vec<(usize, f64)>,
    rng: ChaCha8Rng,
}

impl Dequantizer {
    /// The draw for everything that sees training rows once: preprocessing, baselines, fingerprints.
    /// Epoch `e` of training has the draw `e + 1`.
    pub const FIXED: u64 = 0;
    /// The draw of validation rows.
    pub const VALIDATION: u64 = u64::MAX;
    /// The draw of test rows.
    pub const TEST: u64 = u64::MAX - 1;

    /// Noise for these features; none if there are none.
    pub fn new(features: &[DiscreteFeature], seed: u64) -> Option<Self> {
        let steps: Vec<_> = features.iter().map(|discrete| (discrete.feature, discrete.step)).collect();
        (!steps.is_empty()).then(|| Self { steps, rng: ChaCha8Rng::seed_from_u64(seed) })
    }

    /// Adds the noise of a draw to consecutive rows, of which the first has the number `first`.
    /// Columns behind the features, such as a condition, stay as they are.
    pub fn add<F: Real>(&self, draw: u64, first: u64, rows: ArrayViewMut2<'_, F>) {
        self.each(draw, first, rows, |value, noise| value + noise);
    }

    /// Takes the noise of a draw off again: the rows as before [`add`](Self::add), up to rounding.
    pub fn remove<F: Real>(&self, draw: u64, first: u64, rows: ArrayViewMut2<'_, F>) {
        self.each(draw, first, rows, |value, noise| value - noise);
    }

    fn each<F: Real>(&self, draw: u64, first: u64, mut rows: ArrayViewMut2<'_, F>, change: impl Fn(F, F) -> F) {
        let mut rng = self.rng.clone();
        rng.set_stream(draw);
        // Each number takes two words.
        rng.set_word_pos(2 * u128::from(first) * self.steps.len() as u128);
        for mut row in rows.rows_mut() {
            for &(feature, step) in &self.steps {
                let noise = F::of(step * (rng.random::<f64>() - 0.5));
                if let Some(value) = row.get_mut(feature) {
                    *value = change(*value, noise);
                }
            }
        }
    }

    /// Adds the noise of a draw to the row with this number.
    pub fn add_to_row<F: Real>(&self, draw: u64, number: u64, row: ArrayViewMut1<'_, F>) {
        self.add(draw, number, row.insert_axis(Axis(0)));
    }

    /// `Σ log step`, in nats: what a log-density of noisy rows gains to bound the log-probability of a
    /// cell.
    pub fn log_cell(&self) -> f64 {
        self.steps.iter().map(|&(_, step)| step.ln()).sum()
    }
}

/// Whether the features are distinct ones of `features`, in order, with a positive step.
pub(crate) fn check(discrete: &[DiscreteFeature], features: usize) -> Result<(), String> {
    if !discrete.is_sorted_by(|a, b| a.feature < b.feature) {
        return Err("discrete features out of order".into());
    }
    let wrong =
        |d: &&DiscreteFeature| d.feature >= features || !(d.step > 0.0 && d.step.is_finite() && d.origin.is_finite());
    match discrete.iter().find(wrong) {
        None => Ok(()),
        Some(d) => Err(format!("discrete feature {} of {features} with step {} from {}", d.feature, d.step, d.origin)),
    }
}

/// Rounds the discrete ones of a row's features to their grids.
pub(crate) fn round(discrete: &[DiscreteFeature], mut row: ArrayViewMut1<'_, f64>) {
    for feature in discrete {
        if let Some(value) = row.get_mut(feature.feature) {
            *value = feature.round(*value);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp)]
mod tests {
    use ndarray::{Array2, Slice};

    use super::*;

    fn noise() -> Dequantizer {
        let features = [
            DiscreteFeature { feature: 0, step: 2.0, origin: 1.0 },
            DiscreteFeature { feature: 2, step: 0.5, origin: 0.0 },
        ];
        Dequantizer::new(&features, 7).unwrap()
    }

    #[test]
    fn noise_is_uniform_over_a_step_and_touches_discrete_features_only() {
        let mut rows = Array2::<f64>::zeros((20_000, 4));
        noise().add(1, 0, rows.view_mut());
        assert!(rows.column(1).iter().chain(rows.column(3)).all(|&value| value == 0.0));
        for (column, step) in [(0, 2.0), (2, 0.5)] {
            let values = rows.column(column).mapv(|value| value / step);
            assert!(values.iter().all(|value| value.abs() <= 0.5));
            let (mean, square) = (values.mean().unwrap(), values.mapv(|v| v * v).mean().unwrap());
            // Six standard errors: σ² of u − ½ is 1/12, and its fourth moment is 1/80.
            assert!(mean.abs() < 6.0 * (1.0f64 / 12.0 / 20_000.0).sqrt(), "{mean}");
            assert!((square - 1.0 / 12.0).abs() < 6.0 * ((1.0f64 / 80.0 - 1.0 / 144.0) / 20_000.0).sqrt(), "{square}");
        }
        let both = (&rows.column(0) * &rows.column(2)).mean().unwrap();
        assert!(both.abs() < 6.0 / 12.0 / 20_000f64.sqrt(), "{both}");
        assert!((noise().log_cell() - 0.0).abs() < 1e-15);
    }

    #[test]
    fn any_row_of_any_draw_is_made_again() {
        let mut whole = Array2::<f64>::zeros((50, 3));
        noise().add(3, 0, whole.view_mut());
        let mut part = Array2::<f64>::zeros((20, 3));
        noise().add(3, 30, part.view_mut());
        assert_eq!(part, whole.slice_axis(Axis(0), Slice::from(30..)));
        let mut other = Array2::<f64>::zeros((50, 3));
        noise().add(4, 0, other.view_mut());
        assert!(other.iter().zip(&whole).all(|(a, b)| *a == 0.0 || a != b));
    }

    #[test]
    fn rounding_takes_noise_back() {
        let feature = DiscreteFeature { feature: 0, step: 0.1, origin: 4.3 };
        for (value, noise) in [(4.3, 0.049), (5.8, -0.0499), (3.9, 0.02)] {
            assert!((feature.round(value + noise) - value).abs() < 1e-12);
        }
        let discrete = |feature, step| DiscreteFeature { feature, step, origin: 0.0 };
        assert!(check(&[discrete(0, 1.0), discrete(2, 0.1)], 3).is_ok());
        for wrong in [vec![discrete(3, 1.0)], vec![discrete(0, 0.0)], vec![discrete(1, 1.0), discrete(1, 1.0)]] {
            assert!(check(&wrong, 3).is_err());
        }
    }
}
