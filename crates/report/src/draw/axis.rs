//! One axis: the map from values to pixels, and its ticks.

use super::range;
use super::text;

/// Maps `[low, high]` to the pixels `[from, to]`, linearly or in log₁₀.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Axis {
    /// Ends of the range, in log₁₀ if `log`.
    low: f64,
    high: f64,
    log: bool,
    from: f64,
    to: f64,
}

/// A tick: its value and its label.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tick {
    pub(crate) value: f64,
    pub(crate) label: String,
}

impl Axis {
    /// An axis over `(low, high)` with `low < high`, given in log₁₀ if `log`.
    pub(crate) fn new((low, high): (f64, f64), log: bool, (from, to): (f64, f64)) -> Self {
        Self { low, high, log, from, to }
    }

    /// `value` in the coordinate in which the axis is uniform.
    pub(crate) fn even(value: f64, log: bool) -> f64 {
        if log { value.log10() } else { value }
    }

    /// The position of `value`, in pixels. Far values are clamped to a million spans of the axis,
    /// so they keep their direction but not their magnitude.
    pub(crate) fn place(&self, value: f64) -> f64 {
        let t = (Self::even(value, self.log) - self.low) / (self.high - self.low);
        self.from + t.clamp(-1e6, 1e6) * (self.to - self.from)
    }

    /// Whether `value` lies within the axis, with a tolerance for rounding.
    pub(crate) fn holds(&self, value: f64) -> bool {
        let t = (Self::even(value, self.log) - self.low) / (self.high - self.low);
        (-1e-9..=1.0 + 1e-9).contains(&t)
    }

    /// A thousandth of the axis, as a step in values around `near`: the resolution for printing a
    /// value read off the axis.
    pub(crate) fn resolution(&self, near: f64) -> f64 {
        let thousandth = (self.high - self.low) / 1000.0;
        if self.log { near.abs() * (10f64.powf(thousandth) - 1.0) } else { thousandth }
    }

    /// About `target` ticks at round values, ascending.
    pub(crate) fn ticks(&self, target: usize) -> Vec<Tick> {
        let target = target.max(2);
        if !self.log {
            return linear(self.low, self.high, target);
        }
        let decades = self.high - self.low;
        if decades < 0.9 {
            return linear(10f64.powf(self.low), 10f64.powf(self.high), target);
        }
        let stride = (decades / target as f64).ceil().max(1.0) as i32;
        let parts: &[f64] = if decades <= 1.6 {
            &[1.0, 2.0, 5.0]
        } else if decades <= target as f64 / 2.0 {
            &[1.0, 3.0]
        } else {
            &[1.0]
        };
        let mut ticks = Vec::new();
        for exponent in (self.low.floor() as i32)..=(self.high.ceil() as i32) {
            if exponent.rem_euclid(stride) != 0 {
                continue;
            }
            for part in parts {
                let value = part * 10f64.powi(exponent);
                if self.holds(value) {
                    let label = if (-3..6).contains(&exponent) {
                        text::number(value, 10f64.powi(exponent))
                    } else if *part == 1.0 {
                        text::power_of_ten(exponent)
                    } else {
                        format!("{part}×{}", text::power_of_ten(exponent))
                    };
                    ticks.push(Tick { value, label });
                }
            }
        }
        ticks
    }
}

/// Ticks at multiples of 1, 2 or 5 times a power of ten.
fn linear(low: f64, high: f64, target: usize) -> Vec<Tick> {
    let raw = (high - low) / target as f64;
    let power = 10f64.powf(raw.log10().floor());
    // The round step with the smallest ratio to the raw one.
    let distance = |step: &f64| (step / raw).ln().abs();
    let step = [1.0, 2.0, 5.0, 10.0]
        .map(|m| m * power)
        .into_iter()
        .min_by(|a, b| distance(a).total_cmp(&distance(b)))
        .unwrap_or(raw);
    let first = (low / step - 1e-9).ceil();
    (0..4 * target)
        .map(|i| (first + i as f64) * step)
        .take_while(|v| *v <= high + step * 1e-9)
        .map(|value| Tick { value, label: text::number(value, step) })
        .collect()
}

/// The padded span of all `values` (in log₁₀ if `log`); `None` without values.
pub(crate) fn full_range(values: &[f64], log: bool, margin: f64) -> Option<(f64, f64)> {
    let low = values.iter().copied().min_by(f64::total_cmp)?;
    let high = values.iter().copied().max_by(f64::total_cmp)?;
    let even = (Axis::even(low, log), Axis::even(high, log));
    Some(range::pad(even, margin))
}

/// The padded robust range of `values` (in log₁₀ if `log`), extended to each of `ends` by at most a
/// factor of four and to each of `references` by at most a factor of two; `None` without values.
pub(crate) fn robust_range(values: &[f64], ends: &[f64], references: &[f64], log: bool) -> Option<(f64, f64)> {
    let even = |values: &[f64]| -> Vec<f64> {
        let placeable = values.iter().filter(|v| range::placeable(**v, log));
        placeable.map(|v| Axis::even(*v, log)).collect()
    };
    let core = range::robust(even(values))?;
    let with_ends = range::include(core, &even(ends), 4.0);
    let with_references = range::include(with_ends, &even(references), 2.0);
    Some(range::pad(with_references, 0.04))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn labels(axis: &Axis, target: usize) -> Vec<String> {
        axis.ticks(target).into_iter().map(|t| t.label).collect()
    }

    #[test]
    fn linear_ticks_are_round() {
        let axis = Axis::new((-0.03, 1.02), false, (0.0, 100.0));
        assert_eq!(labels(&axis, 5), ["0", "0.2", "0.4", "0.6", "0.8", "1.0"].map(String::from));
    }

    #[test]
    fn log_ticks_are_decades_or_fractions_of_them() {
        let axis = Axis::new((-2.0, 3.0), true, (0.0, 100.0));
        assert_eq!(labels(&axis, 5), ["0.01", "0.1", "1", "10", "100", "1000"].map(String::from));
        let axis = Axis::new((0.0, 1.0), true, (0.0, 100.0));
        assert_eq!(labels(&axis, 5), ["1", "2", "5", "10"].map(String::from));
        let axis = Axis::new((5.0, 9.0), true, (0.0, 100.0));
        assert_eq!(labels(&axis, 5), ["100000", "10⁶", "10⁷", "10⁸", "10⁹"].map(String::from));
        // A small part of a decade still gets ticks.
        let axis = Axis::new((0.30, 0.40), true, (0.0, 100.0));
        assert!(axis.ticks(5).len() >= 3);
    }

    #[test]
    fn ticks_and_ends_are_placed_correctly() {
        let axis = Axis::new((1.0, 3.0), true, (50.0, 250.0));
        assert!((axis.place(10.0) - 50.0).abs() < 1e-9);
        assert!((axis.place(100.0) - 150.0).abs() < 1e-9);
        assert!((axis.place(1000.0) - 250.0).abs() < 1e-9);
        assert!(axis.holds(1000.0) && !axis.holds(1001.0));
    }

    #[test]
    fn any_range_gives_a_bounded_number_of_ticks() {
        for (low, high) in [(1e17, 1e17 + 64.0), (-1e300, 1e300), (0.0, 1e-12)] {
            let axis = Axis::new((low, high), false, (0.0, 1.0));
            assert!(axis.ticks(5).len() <= 20);
        }
    }

    #[test]
    fn final_values_extend_the_range_further_than_references() {
        let values = [0.0, 1.0];
        let low = |ends: &[f64], references: &[f64]| robust_range(&values, ends, references, false).unwrap().0;
        assert!(low(&[-2.0], &[]) < -2.0);
        assert!(low(&[], &[-2.0]) > -0.1);
        assert!(low(&[], &[-0.9]) < -0.9);
        assert!(low(&[-10.0], &[f64::NAN]) > -0.1);
    }

    #[test]
    fn the_default_range_is_padded_and_robust() {
        let mut values: Vec<f64> = (0..100).map(f64::from).collect();
        values.push(-1e7);
        let (low, high) = robust_range(&values, &[], &[], false).unwrap();
        assert!(low > -400.0 && high > 99.0, "{low} {high}");
        let (low, _) = full_range(&values, false, 0.04).unwrap();
        assert!(low < -1e7);
        assert_eq!(robust_range(&[], &[1.0], &[1.0], false), None);
    }
}
