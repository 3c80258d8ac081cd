//! Means, standard errors and intervals.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// Mean and standard error of the mean; the latter is NaN for fewer than two values.
pub fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    if values.len() < 2 {
        return (mean, f64::NAN);
    }
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (count - 1.0);
    (mean, (variance / count).sqrt())
}

/// The two-sided Student-t quantile for `confidence` with `freedom` degrees of freedom.
pub fn t_quantile(confidence: f64, freedom: f64) -> f64 {
    StudentsT::new(0.0, 1.0, freedom).map_or(f64::NAN, |t| t.inverse_cdf(0.5 + 0.5 * confidence))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hand_values() {
        let (mean, error) = mean_and_error(&[1.0, 2.0, 3.0, 4.0]);
        assert!((mean - 2.5).abs() < 1e-15 && (error - (5.0_f64 / 3.0 / 4.0).sqrt()).abs() < 1e-15);
        assert!(mean_and_error(&[1.0]).1.is_nan());
        // From any table of Student's t: 95%, 2 degrees of freedom; 99%, 9.
        assert!((t_quantile(0.95, 2.0) - 4.302_652_7).abs() < 1e-5);
        assert!((t_quantile(0.99, 9.0) - 3.249_835_5).abs() < 1e-5);
    }
}
