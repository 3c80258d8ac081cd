//! Sums of densities by their logarithms.

/// `log Σ eˣ` without overflow; −∞ for no numbers, NaN if one of them is NaN.
pub fn log_sum_exp(numbers: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = numbers.clone().fold(f64::NEG_INFINITY, f64::max);
    if largest == f64::NEG_INFINITY && numbers.clone().all(|number| number == largest) {
        return largest;
    }
    largest + numbers.map(|number| (number - largest).exp()).sum::<f64>().ln()
}

#[cfg(test)]
mod tests {
    use super::log_sum_exp;

    #[test]
    fn sums_neither_overflow_nor_lose_a_nan() {
        let of = |numbers: &[f64]| log_sum_exp(numbers.iter().copied());
        assert!((of(&[1000.0, 1000.0]) - 1000.0 - 2.0_f64.ln()).abs() < 1e-12);
        assert!((of(&[0.3_f64.ln(), 0.5_f64.ln()]) - 0.8_f64.ln()).abs() < 1e-15);
        let nothing = f64::NEG_INFINITY;
        assert!(of(&[]) == nothing && of(&[nothing, nothing]) == nothing && of(&[nothing, 2.0]) == 2.0);
        assert!(of(&[f64::NAN, nothing]).is_nan() && of(&[f64::NAN, 1.0]).is_nan());
    }
}
