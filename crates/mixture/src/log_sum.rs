//! Sums of densities by their logarithms.

/// `log Σ eˣ` without overflow; −∞ for no numbers.
pub(crate) fn log_sum_exp(numbers: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = numbers.clone().fold(f64::NEG_INFINITY, f64::max);
    if largest == f64::NEG_INFINITY {
        return largest;
    }
    largest + numbers.map(|number| (number - largest).exp()).sum::<f64>().ln()
}
