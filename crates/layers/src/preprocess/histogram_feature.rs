//! The histogram of one feature.

use pdmap_core::special::normal::{log_density, log_hazard, log_tail, tail_quantile};

/// One feature's histogram in double precision.
#[derive(Debug, Clone)]
pub struct HistogramFeature {
    edges: Vec<f64>,
    /// Mass below each edge, and above it; neither computed as a difference from 1.
    below: Vec<f64>,
    above: Vec<f64>,
    /// The inverse of the scale of the tails.
    rate: f64,
}

/// A position in a histogram: the logarithm of the mass on the smaller side, whether that is the
/// lower side, and the density.
struct Place {
    log_mass: f64,
    lower: bool,
    density: Density,
}

/// A log-density.
enum Density {
    /// In a bin.
    Bin(f64),
    /// In a tail, relative to the mass beyond: far out the two logarithms agree in all their
    /// digits.
    PerMass(f64),
}

impl Density {
    /// `log dz/dx`, where `x` maps to `z`.
    fn log_slope(&self, z: f64) -> f64 {
        match self {
            Self::Bin(density) => density - log_density(z),
            Self::PerMass(rate) => rate - log_hazard(z.abs()),
        }
    }
}

impl HistogramFeature {
    pub(super) fn of(edges: &[f64], masses: &[f64]) -> Self {
        let total: f64 = masses.iter().sum();
        let sum = |masses: &mut dyn Iterator<Item = &f64>| -> Vec<f64> {
            let sums = masses.scan(0.0, |sum, mass| {
                *sum += mass / total;
                Some(*sum)
            });
            sums.take(edges.len()).collect()
        };
        let below = sum(&mut masses.iter());
        let mut above = sum(&mut masses.iter().rev());
        above.reverse();
        let (first, last) = (edges[0], edges[edges.len() - 1]);
        let rate = (edges.len() - 1) as f64 / (last - first);
        Self { edges: edges.to_vec(), below, above, rate }
    }

    /// The edges of the bins, increasing.
    pub fn edges(&self) -> &[f64] {
        &self.edges
    }

    /// The mass below each edge.
    pub fn below(&self) -> &[f64] {
        &self.below
    }

    /// The mass above each edge, not computed as a difference from 1.
    pub fn above(&self) -> &[f64] {
        &self.above
    }

    /// The rate of the exponential tails: the inverse of the mean width of a bin.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    fn last(&self) -> usize {
        self.edges.len() - 1
    }

    /// The mass of a bin.
    pub fn mass(&self, bin: usize) -> f64 {
        // Subtract on the side where the numbers are small.
        if self.below[bin] < self.above[bin + 1] {
            self.below[bin + 1] - self.below[bin]
        } else {
            self.above[bin] - self.above[bin + 1]
        }
    }

    fn place(&self, x: f64) -> Place {
        let last = self.last();
        let beyond = (self.edges[0] - x).max(x - self.edges[last]);
        if beyond > 0.0 {
            let lower = x < self.edges[0];
            let tail = if lower { self.below[0] } else { self.above[last] };
            let log_mass = tail.ln() - self.rate * beyond;
            return Place { log_mass, lower, density: Density::PerMass(self.rate.ln()) };
        }
        let bin = (self.edges.partition_point(|&edge| edge <= x).max(1) - 1).min(last - 1);
        let (width, mass) = (self.edges[bin + 1] - self.edges[bin], self.mass(bin));
        let share = ((x - self.edges[bin]) / width).clamp(0.0, 1.0);
        let (below, above) = (self.below[bin] + share * mass, self.above[bin + 1] + (1.0 - share) * mass);
        let lower = below <= above;
        Place { log_mass: below.min(above).ln(), lower, density: Density::Bin((mass / width).ln()) }
    }

    /// `(z, log f − log φ)`.
    pub(super) fn forward(&self, x: f64) -> (f64, f64) {
        let Place { log_mass, lower, density } = self.place(x);
        // Rounding may leave slightly more than one half on the smaller side.
        let z = tail_quantile(log_mass.min(-std::f64::consts::LN_2));
        (if lower { -z } else { z }, density.log_slope(z))
    }

    pub(super) fn inverse(&self, z: f64) -> f64 {
        let (last, lower, log_mass) = (self.last(), z < 0.0, log_tail(z.abs()));
        let tail = if lower { self.below[0] } else { self.above[last] };
        let beyond = (tail.ln() - log_mass) / self.rate;
        if beyond > 0.0 {
            return if lower { self.edges[0] - beyond } else { self.edges[last] + beyond };
        }
        let mass = log_mass.exp();
        // The last edge with at most this mass below it, or the last one with at least this mass
        // above it.
        let bin = if lower {
            self.below.partition_point(|&below| below <= mass)
        } else {
            self.above.partition_point(|&above| above >= mass)
        };
        let bin = (bin.max(1) - 1).min(last - 1);
        let width = self.edges[bin + 1] - self.edges[bin];
        if lower {
            self.edges[bin] + width * ((mass - self.below[bin]) / self.mass(bin)).clamp(0.0, 1.0)
        } else {
            self.edges[bin + 1] - width * ((mass - self.above[bin + 1]) / self.mass(bin)).clamp(0.0, 1.0)
        }
    }

    /// `x` and `log dx/dz` of the inverse.
    pub(super) fn inverse_and_log_slope(&self, z: f64) -> (f64, f64) {
        let x = self.inverse(z);
        (x, -self.place(x).density.log_slope(z))
    }

    /// `∂/∂x` of `dy·z(x) + log dz/dx`, where `x` maps to `z`.
    pub(super) fn gradient(&self, x: f64, z: f64, dy: f64) -> f64 {
        let slope = self.place(x).density.log_slope(z).exp();
        // log f is constant in a bin, and decreases at a constant rate in the tails.
        let fall = match () {
            () if x < self.edges[0] => self.rate,
            () if x > self.edges[self.last()] => -self.rate,
            () => 0.0,
        };
        (dy + z) * slope + fall
    }
}
