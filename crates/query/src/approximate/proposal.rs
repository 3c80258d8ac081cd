//! Where the missing cells of a row are drawn: from the density that a copula gives them, and a
//! part with heavy tails.

use std::f64::consts::PI;

use ndarray::{Array2, ArrayView2, Axis};
use pdmap_core::row_weights::ByWeight;
use pdmap_core::special::log_sum_exp;
use pdmap_mixture::{GaussianMixture, MixtureError};
use rand::seq::SliceRandom;
use rand::{Rng, RngExt};
use rand_distr::{ChiSquared, Distribution};
use statrs::function::gamma::ln_gamma;

use crate::error::Result;

/// Degrees of freedom of the defensive part: few.
const FREEDOM: f64 = 4.0;

/// `1/δ`: every fifth draw is from the defensive part.
const DEFENSIVE: usize = 5;

/// `q(z) = (1 − δ) Σ_k π_k N(z; μ_k, Σ_k) + δ Σ_k π_k t_ν(z; μ_k, Σ_k)`: a Gaussian mixture, and
/// a defensive part with the tails of Student's t (Hesterberg 1995; Owen & Zhou 2000), so that the
/// weights `p/q` of a flow whose tails are heavier than normal do not grow exponentially.
pub(super) struct Proposal<'m> {
    mixture: &'m GaussianMixture,
    /// `log t_ν(μ) − log|det L|`.
    peak: f64,
}

impl<'m> Proposal<'m> {
    pub(super) fn new(mixture: &'m GaussianMixture) -> Self {
        let columns = mixture.columns() as f64;
        let peak = ln_gamma(0.5 * (FREEDOM + columns)) - ln_gamma(0.5 * FREEDOM) - 0.5 * columns * (FREEDOM * PI).ln();
        Self { mixture, peak }
    }

    /// Draws rows of codes: every fifth of the defensive part.
    pub(super) fn draw(&self, count: usize, rng: &mut dyn Rng) -> Result<Array2<f64>> {
        let (mut z, chosen) = self.mixture.sample(count, rng)?;
        let chi = ChiSquared::new(FREEDOM).map_err(|_| MixtureError::NoComponents)?;
        for (row, component) in chosen.into_iter().enumerate().filter(|(row, _)| row % DEFENSIVE == 0) {
            let stretch = (FREEDOM / chi.sample(rng)).sqrt();
            let mean = self.mixture.components()[component].mean();
            z.row_mut(row).zip_mut_with(&mean, |z, mean| *z = mean + stretch * (*z - mean));
        }
        Ok(z)
    }

    /// `log q(z)` of each row, in nats.
    pub(super) fn log_density(&self, z: ArrayView2<'_, f64>) -> Result<Vec<f64>> {
        let share = 1.0 / DEFENSIVE as f64;
        let (plain, heavy) = ((1.0 - share).ln(), share.ln());
        let columns = self.mixture.columns() as f64;
        let components = self.mixture.components().iter().zip(self.mixture.log_weights());
        let mut terms = Array2::zeros((z.nrows(), 2 * self.mixture.components().len()));
        let mut y = Array2::zeros(z.dim());
        for (k, (component, log_weight)) in components.enumerate() {
            let centred = &z - &component.mean();
            component.factor().apply(centred.view(), y.view_mut())?;
            let log_det = component.factor().log_det();
            for (row, y) in y.rows().into_iter().enumerate() {
                let square = y.dot(&y);
                let tail = -0.5 * (FREEDOM + columns) * (square / FREEDOM).ln_1p();
                terms[[row, 2 * k]] = plain + log_weight + component.log_peak() - 0.5 * square;
                terms[[row, 2 * k + 1]] = heavy + log_weight + self.peak + log_det + tail;
            }
        }
        Ok(terms.axis_iter(Axis(0)).map(|terms| log_sum_exp(terms.iter().copied())).collect())
    }
}

/// Indices drawn with these probabilities by systematic resampling, in random order.
pub(super) fn resampled(weights: &[f64], count: usize, rng: &mut dyn Rng) -> Vec<usize> {
    let mut chosen: Vec<usize> = ByWeight::new(weights).systematic(count, rng.random()).collect();
    chosen.shuffle(rng);
    chosen
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use ndarray::{Array1, array};
    use pdmap_mixture::{Gaussian, PrecisionFactor};
    use rand::SeedableRng;

    use super::*;

    fn mixture() -> GaussianMixture {
        let part = |mean: [f64; 1], variance: f64| {
            Gaussian::new(Array1::from_iter(mean), PrecisionFactor::of_variances(array![variance].view()).unwrap())
                .unwrap()
        };
        GaussianMixture::new(&[0.3, 0.7], vec![part([-1.0], 0.25), part([2.0], 1.0)]).unwrap()
    }

    #[test]
    fn the_density_integrates_to_one_and_is_that_of_the_draws() {
        let mixture = mixture();
        let proposal = Proposal::new(&mixture);
        let (count, step) = (400_000, 0.005);
        let grid = Array2::from_shape_fn((count, 1), |(i, _)| (i as f64 - count as f64 / 2.0) * step);
        let density = proposal.log_density(grid.view()).unwrap();
        let mass: f64 = density.iter().map(|log| log.exp() * step).sum();
        assert!((mass - 1.0).abs() < 1e-6, "{mass}");
        // Far out the tails are those of Student's t: a power.
        let far = proposal.log_density(array![[1e6], [2e6]].view()).unwrap();
        assert!((far[0] - far[1] - 5.0 * 2.0_f64.ln()).abs() < 1e-4, "{far:?}");
        let normal = mixture.log_density(array![[1e6]].view()).unwrap();
        assert!(normal[0] < -1e11, "the wrong tails");

        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        let drawn = proposal.draw(50_000, &mut rng).unwrap();
        for bound in [-2.5, -1.0, 0.5, 2.0, 5.0] {
            let below = drawn.iter().filter(|z| **z < bound).count() as f64 / 50_000.0;
            let expected: f64 =
                grid.iter().zip(&density).filter(|(z, _)| **z < bound).map(|(_, log)| log.exp() * step).sum();
            assert!((below - expected).abs() < 0.01, "{bound}: {below} {expected}");
        }
    }

    #[test]
    fn rows_are_chosen_by_their_weights() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(2);
        let chosen = resampled(&[0.5, 0.0, 0.25, 0.25], 8000, &mut rng);
        let count = |wanted: usize| chosen.iter().filter(|&&own| own == wanted).count();
        assert_eq!([count(0), count(1), count(2), count(3)], [4000, 0, 2000, 2000]);
    }
}
