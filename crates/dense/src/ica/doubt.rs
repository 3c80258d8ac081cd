//! Sources whose signs the rows do not determine.

use super::moments::Moments;

/// Standard errors that a contrast must exceed, in addition to the root of the number of sources: the more
/// sources, the larger is the largest contrast by chance.
pub(super) const CHANCE: f64 = 2.0;

/// Step and reach of the trapezoidal rule, whose error is far below rounding for such functions.
const STEP: f64 = 0.125;
const REACH: i32 = 72;

/// What a normal source of some variance has.
#[derive(Debug, Clone, Copy)]
struct Normal {
    /// `E log cosh y`.
    energy: f64,
    /// The standard deviation over rows of `v (1 − tanh² y) + E[tanh'] (y² − v) − y tanh y`: that of the
    /// contrast times `√N`.
    spread: f64,
}

impl Normal {
    fn new(variance: f64) -> Self {
        let mean = |of: &dyn Fn(f64) -> f64| {
            let at = |k: i32| {
                let z = f64::from(k) * STEP;
                of(variance.sqrt() * z) * (-0.5 * z * z).exp()
            };
            (-REACH..=REACH).map(at).sum::<f64>() * STEP / (2.0 * std::f64::consts::PI).sqrt()
        };
        let slope = |y: f64| 1.0 - y.tanh().powi(2);
        let mean_slope = mean(&slope);
        let influence = |y: f64| variance * slope(y) + mean_slope * (y * y - variance) - y * y.tanh();
        let energy = mean(&|y: f64| y.abs() + (-2.0 * y.abs()).exp().ln_1p() - std::f64::consts::LN_2);
        Self { energy, spread: mean(&|y| influence(y).powi(2)).sqrt() }
    }
}

/// `E tanh'(y_i) E y_i² − E[y_i tanh y_i]`, 0 of a normal source: positive where the solution is stable with
/// the sign 1, negative where it is with −1.
pub(super) fn contrast(moments: &Moments, source: usize) -> f64 {
    moments.slope[source] * moments.variance(source) - moments.score[[source, source]]
}

/// The sources whose contrasts among `rows` rows are not told from those of normal ones.
pub(super) fn doubtful(moments: &Moments, rows: usize) -> Vec<usize> {
    let count = moments.slope.len();
    let errors = (CHANCE + (count as f64).sqrt()) / (rows as f64).sqrt();
    let is = |&source: &usize| contrast(moments, source).abs() < errors * Normal::new(moments.variance(source)).spread;
    (0..count).filter(is).collect()
}

/// `Σ_i s_i (E log cosh z_i − E log cosh y_i)`, where `z_i` is normal of the variance of `y_i`: how far sources
/// are from normal ones in the direction of their signs. Unlike likelihoods, these compare different signs
/// where both densities fit badly.
pub(super) fn non_normality(moments: &Moments, signs: &[f64]) -> f64 {
    let of =
        |(source, &sign): (usize, &f64)| sign * (Normal::new(moments.variance(source)).energy - moments.energy[source]);
    signs.iter().enumerate().map(of).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_moments() {
        // E log cosh z = 0.374567207491438 for a standard normal z: the constant of FastICA's negentropy.
        assert!((Normal::new(1.0).energy - 0.374_567_207_491_438).abs() < 1e-13);
        // For small variances: v/2 − v²/4 + …, and an influence of v² (y⁴/v² − 6 y²/v + 3)/3: 2 √6/3 v².
        let small = Normal::new(1e-4);
        assert!((small.energy - (0.5e-4 - 0.25e-8)).abs() < 1e-11, "{small:?}");
        assert!((small.spread / 1e-8 - 2.0 * 6.0_f64.sqrt() / 3.0).abs() < 1e-3, "{small:?}");
    }
}
