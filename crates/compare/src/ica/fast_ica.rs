//! FastICA, the method that everybody knows, as an oracle: what a mixture of independent sources gives away without any density model.

use ndarray::{Array1, Array2, ArrayView2, Axis};
use pdmap_core::Real;
use pdmap_core::group::haar;
use pdmap_core::linalg::symmetric_eigen;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::CompareError;

/// What FastICA found.
#[derive(Debug, Clone, PartialEq)]
pub struct FastIca {
    /// `[D, D]`: sources are `W (x − mean)`, of variance 1.
    pub unmixing: Array2<f64>,
    /// Iterations made.
    pub iterations: usize,
    /// Whether the last one moved no direction by more than the tolerance.
    pub converged: bool,
}

/// Iterations at most.
const ITERATIONS: usize = 500;

/// Largest `1 − |⟨w, w_before⟩|` of a row at which it has converged.
const TOLERANCE: f64 = 1e-8;

/// Symmetric FastICA with the contrast `log cosh` (Hyvärinen 1999): on whitened rows `z`,
/// `w ← mean(z tanh(wᵀz)) − mean(1 − tanh²(wᵀz)) w` for all rows of `W`, then `W ← (W Wᵀ)^{−1/2} W`, from a Haar-random start by `seed`.
///
/// # Errors
/// Rows that are not finite, or of a singular covariance.
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

/// `S^{−1/2}` of a symmetric positive definite matrix.
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

    /// Two square waves of periods that share nothing but 1: independent over their common period, and of variance 1.
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
    fn two_square_waves_come_back() {
        let mixing = array![[2.0, 1.0], [1.0, 3.0]];
        let rows = waves().dot(&mixing.t()) + 5.0;
        let found = fast_ica(rows.view(), 1).unwrap();
        assert!(found.converged);
        let product = found.unmixing.dot(&mixing);
        assert!(amari_index(product.view()) < 1e-6, "{product}");
        // Sources of variance 1, as they were: entries are 1, 0 and their negatives.
        assert!(product.iter().all(|p| p.abs() < 1e-6 || (p.abs() - 1.0).abs() < 1e-6), "{product}");
    }

    #[test]
    fn whitening_alone_is_told_from_it() {
        let (ica, counts) = (
            Ica { dim: 5, source: Source::Laplace, condition: 20.0 },
            Counts { train: 20_000, validation: 1, test: 1 },
        );
        let rows = Generator::Ica(ica).splits::<f64>(counts, 3).unwrap().train;
        let mixing = ica.truth(3).unwrap().mixing;
        let found = fast_ica(rows.view(), 1).unwrap();
        let index = |unmixing: &Array2<f64>| amari_index(unmixing.dot(&mixing).view());
        assert!(found.converged && index(&found.unmixing) < 0.03, "{}", index(&found.unmixing));
        // A wrong one: the whitening without its rotation.
        let covariance = rows.t().dot(&rows) / rows.nrows() as f64;
        assert!(index(&inverse_root(covariance.view()).unwrap()) > 0.15);
    }
}
