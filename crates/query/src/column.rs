//! The density of one column: moments and quantiles.

use ndarray::{Array2, Axis};
use pdmap_core::Real;
use pdmap_core::special::increasing_root;
use pdmap_core::special::normal::{log_density, log_tail, tail_quantile};
use pdmap_mixture::{GaussianMixture, PrecisionFactor};

use crate::error::{QueryError, Result};
use crate::maps::{Codes, Maps};

/// The density of one column of a [`Copula`](crate::Copula), the others integrated out or given.
#[derive(Debug, Clone)]
pub struct Column<'c, F: Real> {
    maps: &'c Maps<F>,
    column: usize,
    /// Weight, mean and standard deviation of each component of the codes.
    parts: Vec<(f64, f64, f64)>,
}

/// Weights below this do not count in a quadrature.
const LEAST: f64 = 1e-12;

/// A component is integrated over so many standard deviations to either side: what is beyond has a
/// probability of 1e-15.
const WIDTH: f64 = 8.0;

/// Panels of that range, each with a Gauss–Legendre rule of eight nodes.
const PANELS: usize = 16;

/// Nodes in (0, 1) and weights of the rule of eight nodes on [−1, 1], which is symmetric (Abramowitz & Stegun,
/// table 25.4).
const RULE: [(f64, f64); 4] = [
    (0.183_434_642_495_649_8, 0.362_683_783_378_362),
    (0.525_532_409_916_329, 0.313_706_645_877_887_3),
    (0.796_666_477_413_626_7, 0.222_381_034_453_374_5),
    (0.960_289_856_497_536_2, 0.101_228_536_290_376_3),
];

/// Quantiles among which the mode is looked for.
const CANDIDATES: usize = 400;

impl<'c, F: Real> Column<'c, F> {
    /// `mixture` has one column.
    pub(crate) fn new(maps: &'c Maps<F>, column: usize, mixture: &GaussianMixture) -> Self {
        let weights = mixture.weights();
        let part = |(weight, component): (f64, &pdmap_mixture::Gaussian)| {
            let precision = match component.factor() {
                PrecisionFactor::Dense(factor) => factor[[0, 0]],
                PrecisionFactor::Diagonal(factor) => factor[0],
            };
            (weight, component.mean()[0], 1.0 / precision)
        };
        let parts = weights.into_iter().zip(mixture.components()).map(part).collect();
        Self { maps, column, parts }
    }

    /// `P(X ≤ x)`.
    ///
    /// # Errors
    /// A number outside the domain of the model.
    pub fn cdf(&self, x: F) -> Result<f64> {
        let codes = self.maps.codes_of(&[self.column], Array2::from_elem((1, 1), x).view())?;
        Ok(self.below(codes.z[[0, 0]]))
    }

    /// Probability of codes below `z`.
    fn below(&self, z: f64) -> f64 {
        self.parts.iter().map(|&(weight, mean, deviation)| weight * log_tail((mean - z) / deviation).exp()).sum()
    }

    /// The number that the column is below with `probability`, by root finding.
    ///
    /// # Errors
    /// [`QueryError::Probability`].
    pub fn quantile(&self, probability: f64) -> Result<F> {
        Ok(self.quantiles(&[probability])?[0])
    }

    /// Several quantiles.
    ///
    /// # Errors
    /// [`QueryError::Probability`].
    pub fn quantiles(&self, probabilities: &[f64]) -> Result<Vec<F>> {
        if let Some(&value) = probabilities.iter().find(|&&p| !(p > 0.0 && p < 1.0)) {
            return Err(QueryError::Probability { value });
        }
        let codes: Vec<f64> = probabilities.iter().map(|&p| self.code_quantile(p)).collect();
        self.decode(&codes)
    }

    /// It lies between the quantiles of the components.
    fn code_quantile(&self, probability: f64) -> f64 {
        // Φ⁻¹(p), by the smaller of the two tails.
        let normal = match probability < 0.5 {
            true => -tail_quantile(probability.ln()),
            false => tail_quantile((-probability).ln_1p()),
        };
        let of_parts = self.parts.iter().map(|(_, mean, deviation)| mean + deviation * normal);
        let low = of_parts.clone().fold(f64::INFINITY, f64::min);
        let high = of_parts.fold(f64::NEG_INFINITY, f64::max);
        if high - low <= f64::EPSILON * high.abs() {
            return low;
        }
        increasing_root(probability, low, high, |z| {
            let slope = self.parts.iter().map(|&(w, mean, s)| w * log_density((z - mean) / s).exp() / s).sum();
            (self.below(z), slope)
        })
    }

    /// The mean, by quadrature over the codes.
    ///
    /// # Errors
    /// None for a model that can be inverted at its quantiles.
    pub fn mean(&self) -> Result<f64> {
        Ok(self.moments()?.0)
    }

    /// The variance, by quadrature over the codes.
    ///
    /// # Errors
    /// None for a model that can be inverted at its quantiles.
    pub fn variance(&self) -> Result<f64> {
        Ok(self.moments()?.1)
    }

    /// Mean and variance: `∫ g⁻¹(z) p(z) dz` and so on. The integral has no bound where the map of the column
    /// stretches its tails without bound, and is then that of all but 1e-15 of the probability.
    fn moments(&self) -> Result<(f64, f64)> {
        let (mut codes, mut weights) = (Vec::new(), Vec::new());
        let half = WIDTH / PANELS as f64;
        for &(weight, mean, deviation) in self.parts.iter().filter(|(weight, ..)| *weight > LEAST) {
            for panel in 0..PANELS {
                let middle = -WIDTH + half * (2 * panel + 1) as f64;
                for (node, share) in RULE.into_iter().flat_map(|(node, share)| [(node, share), (-node, share)]) {
                    let standard = middle + half * node;
                    codes.push(mean + deviation * standard);
                    weights.push(weight * share * half * log_density(standard).exp());
                }
            }
        }
        let total: f64 = weights.iter().sum();
        let x = self.decode(&codes)?;
        let mean = x.iter().zip(&weights).map(|(x, w)| x.f64() * w).sum::<f64>() / total;
        let variance = x.iter().zip(&weights).map(|(x, w)| (x.f64() - mean).powi(2) * w).sum::<f64>() / total;
        Ok((mean, variance))
    }

    /// About the number of highest density: the best of four hundred quantiles.
    ///
    /// # Errors
    /// None for a model that can be inverted at its quantiles.
    pub fn mode(&self) -> Result<F> {
        let probability = |at: usize| (at as f64 + 0.5) / CANDIDATES as f64;
        let means = self.parts.iter().filter(|(weight, ..)| *weight > LEAST).map(|part| part.1);
        let z: Vec<f64> = (0..CANDIDATES).map(|at| self.code_quantile(probability(at))).chain(means).collect();
        let x = self.decode(&z)?;
        let cells = ndarray::ArrayView1::from(&x).insert_axis(Axis(1));
        let Codes { log_slopes, .. } = self.maps.codes_of(&[self.column], cells)?;
        let log_density_of = |at: usize| {
            let codes: f64 = self.parts.iter().map(|&(w, mean, s)| w * log_density((z[at] - mean) / s).exp() / s).sum();
            codes.ln() + log_slopes[[at, 0]]
        };
        let best = (0..z.len()).map(|at| (at, log_density_of(at))).max_by(|a, b| a.1.total_cmp(&b.1));
        Ok(x[best.map_or(0, |(at, _)| at)])
    }

    fn decode(&self, codes: &[f64]) -> Result<Vec<F>> {
        let codes = ndarray::ArrayView1::from(codes).insert_axis(Axis(1));
        Ok(self.maps.decode(&[self.column], codes)?.into_iter().collect())
    }
}
