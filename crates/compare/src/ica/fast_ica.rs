//! Symmetric FastICA, a reference that recovers independent sources without a density model.

use ndarray::{Array1, Array2, ArrayView2, Axis};
use pdmap_core::Real;
use pdmap_core::group::haar;
use pdmap_core::linalg::symmetric_eigen;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::error::CompareError;

/// Result of FastICA.
#[derive(Debug, Clone, PartialEq)]
pub struct FastIca {
    /// `[D, D]`: the sources are `W (x − mean)` and have variance 1.
    pub unmixing: Array2<f64>,
    /// Number of iterations.
    pub iterations: usize,
    /// Whether the last iteration moved every direction by at most the tolerance.
    pub converged: bool,
}

/// Maximum number of iterations.
const ITERATIONS: usize = 500;

/// Convergence threshold: the largest `1 − |⟨w, w_before⟩|` of a row.
const TOLERANCE: f64 = 1e-8;

/// Symmetric FastICA with the contrast function `log cosh` (Hyvärinen 1999).
///
/// On whitened rows `z`, each row of `W` is updated by
/// `w ← mean(z tanh(wᵀz)) − mean(1 − tanh²(wᵀz)) w`, followed by `W ← (W Wᵀ)^{−1/2} W`. The initial
/// `W` is Haar-random and determined by `seed`.
///
/// # Errors
/// Rows that are not finite, or a singular covariance.
pub fn fast_ica<F: Real>(rows: ArrayView2<'_, F>, seed: u64) -> Result<FastIca, CompareError> {
    let (count, dim) = rows.dim();
    let rows = rows.mapv(F::f64);
    let mean: Array1<f64> = rows.mean_axis(Axis(0)).unwrap_or_else(|| Array1::zeros(dim));
    let centred = &rows - &mean;
    let covariance = centred.t().dot(&centred) / count.max(1) as f64;
    let whitening = inverse_root(covariance.view())?;
    let z = centred.dot(&whitening);
    let mut w: Array2<f64> = haar(dim, &mut ChaCha8Rng::seed_from_u64(seed));
    let (mut iterations, mut converged) = (0, false);
    while iterations < ITERATIONS && !converged {
        let tanh = z.dot(&w.t()).mapv_into(f64::tanh);
        let slopes = tanh.map_axis(Axis(0), |column| column.iter().map(|t| 1.0 - t * t).sum::<f64>());
        let raw = (tanh.t().dot(&z) - &w * &slopes.insert_axis(Axis(1))) / count.max(1) as f64;
        let next = inverse_root(raw.dot(&raw.t()).view())?.dot(&raw);
        let turned = (&next * &w).sum_axis(Axis(1)).mapv(|cosine| 1.0 - cosine.abs());
        converged = turned.iter().all(|&turned| turned <= TOLERANCE);
        w = next;
        iterations += 1;
    }
    Ok(FastIca { unmixing: w.dot(&whitening), iterations, converged })
}

/// `S^{−1/2}` of a symmetric positive-definite matrix.
fn inverse_root(matrix: ArrayView2<'_, f64>) -> Result<Array2<f64>, CompareError> {
    let (values, vectors) = symmetric_eigen(matrix)?;
    let scaled = &vectors * &values.mapv(|value| value.max(f64::MIN_POSITIVE).sqrt().recip());
    Ok(scaled.dot(&vectors.t()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::ica::amari_index;
    use ndarray::array;
    use pdmap_data::{Counts, Generator, Ica, Source};

    /// Two square waves with variance 1, independent over their common period.
    fn waves() -> Array2<f64> {
        let wave = |at: usize, period: usize| if at % period < period / 2 { 1.0 } else { -1.0 };
        Array2::from_shape_fn(
            (16 * 18 * 10, 2),
            |(at, source)| {
                if source == 0 { wave(at, 16) } else { wave(at / 16, 18) }
            },
        )
    }

    #[test]
    fn two_square_waves_are_recovered() {
        let mixing = array![[2.0, 1.0], [1.0, 3.0]];
        let rows = waves().dot(&mixing.t()) + 5.0;
        let found = fast_ica(rows.view(), 1).unwrap();
        assert!(found.converged);
        let product = found.unmixing.dot(&mixing);
        assert!(amari_index(product.view()) < 1e-6, "{product}");
        // The sources have variance 1, so the entries are 0 and ±1.
        assert!(product.iter().all(|p| p.abs() < 1e-6 || (p.abs() - 1.0).abs() < 1e-6), "{product}");
    }

    #[test]
    fn whitening_alone_has_a_worse_index() {
        let (ica, counts) = (
            Ica { dim: 5, source: Source::Laplace, condition: 20.0 },
            Counts { train: 20_000, validation: 1, test: 1 },
        );
        let rows = Generator::Ica(ica).splits::<f64>(counts, 3).unwrap().train;
        let mixing = ica.truth(3).unwrap().mixing;
        let found = fast_ica(rows.view(), 1).unwrap();
        let index = |unmixing: &Array2<f64>| amari_index(unmixing.dot(&mixing).view());
        assert!(found.converged && index(&found.unmixing) < 0.03, "{}", index(&found.unmixing));
        // A wrong answer: whitening without the rotation.
        let covariance = rows.t().dot(&rows) / rows.nrows() as f64;
        assert!(index(&inverse_root(covariance.view()).unwrap()) > 0.15);
    }
}
