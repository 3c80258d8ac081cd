//! The step of a grid on which numbers lie.

/// Smallest step, in units of the rounding of the numbers. Any numbers lie on a grid as fine as
/// their rounding.
const FINEST: f64 = 256.0;

/// Allowed distance from the grid, in units of the rounding of the numbers. A decimal such as 0.1
/// is rounded once; the difference from the offset is rounded again.
const SLACK: f64 = 4.0;

/// The largest step of a grid that contains all of the ascending `values`, with `values[0]` on it:
/// their differences are multiples of it up to `rounding`, an absolute error. None without such a
/// step, and for fewer than two values.
pub(super) fn step(values: &[f64], rounding: f64) -> Option<f64> {
    let (&first, &last) = values.first().zip(values.last())?;
    let slack = SLACK * rounding;
    // The greatest common divisor of the differences of neighbours, whose quotients are small.
    let mut step = 0.0f64;
    for pair in values.windows(2) {
        step = common_divisor(pair[1] - pair[0], step, 8.0 * slack);
        if step < FINEST * rounding {
            return None;
        }
    }
    // Its error is that of one difference; the error of the range is spread over all steps.
    let count = ((last - first) / step).round();
    let step = (last - first) / count;
    [decimal(step), step]
        .into_iter()
        .find(|&step| step > 0.0 && values.iter().all(|&value| is_on(value, first, step, rounding)))
}

/// Whether `value` is `offset` plus a multiple of `step`, up to `rounding`.
pub(super) fn is_on(value: f64, offset: f64, step: f64, rounding: f64) -> bool {
    let difference = value - offset;
    // 1e-9 of the range allows for the rounding of the step.
    let slack = SLACK * rounding + 1e-9 * step;
    (difference - (difference / step).round() * step).abs() <= slack
}

/// Euclid's algorithm for numbers with an error of `slack`.
fn common_divisor(a: f64, b: f64, slack: f64) -> f64 {
    let (mut a, mut b) = (a.max(b), a.min(b));
    while b > slack {
        let rest = a - (a / b).round() * b;
        (a, b) = (b, rest.abs());
    }
    a
}

/// The number with six significant digits: 0.1 instead of 0.09999999.
fn decimal(value: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_have_their_step() {
        let tenths: Vec<f64> = (0..40).map(|index| 4.3 + f64::from(index * index % 37) * 0.1).collect();
        let ascending = |mut values: Vec<f64>| {
            values.sort_unstable_by(f64::total_cmp);
            values.dedup();
            values
        };
        assert_eq!(step(&ascending(tenths), 1e-15), Some(0.1));
        // The same numbers in single precision, whose rounding is much larger.
        let single = (0..40).map(|index| f64::from((4.3 + f64::from(index * index % 37) * 0.1) as f32)).collect();
        assert_eq!(step(&ascending(single), 5e-7), Some(0.1));
        // Multiples of 0.25 above an offset; 2, 5 and 9 have the step 1, though no difference is 1.
        assert_eq!(step(&[-1.1, -0.6, 0.15], 1e-16), Some(0.25));
        assert_eq!(step(&[2.0, 5.0, 9.0], 1e-15), Some(1.0));
        assert_eq!(
            step(&[0.0, 1.0 / 3.0, 1.0, 5.0 / 3.0], 1e-16).map(|step| (3.0 * step - 1.0).abs() < 1e-12),
            Some(true)
        );
    }

    #[test]
    fn other_numbers_have_none() {
        let irrational: Vec<f64> = (1..50).map(|index| f64::from(index).sqrt()).collect();
        assert_eq!(step(&irrational, 1e-15), None);
        // Single precision is a grid, but only as fine as its rounding.
        let single: Vec<f64> = irrational.iter().map(|&value| f64::from(value as f32)).collect();
        assert_eq!(step(&single, 4e-7), None);
        assert_eq!((step(&[], 1e-9), step(&[1.0], 1e-9)), (None, None));
        assert!(!is_on(0.35, 0.0, 0.1, 1e-16) && is_on(0.1 + 0.2, 0.0, 0.1, 1e-16));
    }
}
