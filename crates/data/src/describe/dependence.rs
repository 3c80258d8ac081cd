//! Rank and linear dependence, from a correlation matrix: a Cholesky factorization with pivots.

use ndarray::{Array2, ArrayView1, ArrayView2, Axis};

/// Smallest variance of a residual that counts as signal, in ε of `f64` × size. Pivots have an
/// error of that order.
const VARIANCE: f64 = 8.0;

/// Standard deviation of a residual, in units of the rounding of the numbers, up to which a column
/// is a combination of others.
const ROUNDING: f64 = 4.0;

/// The first column counts as a pivot whose residual is at least this fraction of the largest one:
/// a column depends on earlier ones where both are possible.
const PREFERRED: f64 = 0.1;

/// Variance of a residual from which on no rounding explains it.
const COEFFICIENTS: f64 = 1e-4;

/// Smallest weight of a named column, in standard deviations of the tolerated residual.
const WEIGHT: f64 = 8.0;

/// Rank, and dependent columns.
#[derive(Debug, PartialEq)]
pub(super) struct Dependence {
    pub(super) rank: usize,
    /// Each dependent column with the ones that it is a combination of, all ascending.
    pub(super) dependent: Vec<(usize, Vec<usize>)>,
}

/// Factors the correlation matrix. `rounding` is the error of the numbers of each column in its
/// standard deviations.
pub(super) fn dependence(matrix: ArrayView2<'_, f64>, rounding: &[f64]) -> Dependence {
    let dim = matrix.nrows();
    let floor = VARIANCE * f64::EPSILON * dim as f64;
    let mut factor = Factor { matrix, rows: Array2::zeros((dim, dim)), pivots: vec![] };
    let mut residual = vec![1.0f64; dim];
    let mut open: Vec<usize> = (0..dim).collect();
    let mut dependent = vec![];
    while let Some(largest) = open.iter().map(|&column| residual[column]).reduce(f64::max) {
        let first = open.iter().position(|&column| residual[column] >= PREFERRED * largest);
        let column = open.remove(first.unwrap_or(0));
        let variance = residual[column].max(0.0);
        // Solving for coefficients costs as much as a pivot, so it waits until the residual is
        // small for some coefficients.
        if variance <= COEFFICIENTS {
            let weights = factor.weights(column);
            let noise = weights.iter().zip(&factor.pivots).map(|(weight, &pivot)| (weight * rounding[pivot]).powi(2));
            let noise = rounding[column].powi(2) + noise.sum::<f64>();
            let tolerance = floor + ROUNDING * ROUNDING * noise;
            if variance <= tolerance {
                // Weights below the square root of the tolerance are noise.
                let named = |weight: &f64| weight.abs() > WEIGHT * tolerance.sqrt();
                let on = weights.iter().zip(&factor.pivots).filter(|(weight, _)| named(weight));
                let mut on: Vec<usize> = on.map(|(_, &pivot)| pivot).collect();
                on.sort_unstable();
                dependent.push((column, on));
                continue;
            }
        }
        factor.add(column, variance.sqrt(), &open, &mut residual);
    }
    dependent.sort_unstable();
    Dependence { rank: factor.pivots.len(), dependent }
}

/// `R ≈ L Lᵀ`: row `i` of `L` holds the coordinates of column `i` in an orthonormal basis of the
/// pivots.
struct Factor<'a> {
    matrix: ArrayView2<'a, f64>,
    rows: Array2<f64>,
    pivots: Vec<usize>,
}

impl Factor<'_> {
    /// Adds a pivot, and takes its part off the residuals of the `open` columns.
    fn add(&mut self, pivot: usize, deviation: f64, open: &[usize], residual: &mut [f64]) {
        let rank = self.pivots.len();
        self.rows[[pivot, rank]] = deviation;
        for &column in open {
            let dot = self.coordinates(column, rank).dot(&self.coordinates(pivot, rank));
            let coordinate = (self.matrix[[column, pivot]] - dot) / deviation;
            self.rows[[column, rank]] = coordinate;
            residual[column] -= coordinate * coordinate;
        }
        self.pivots.push(pivot);
    }

    /// The first coordinates of a column.
    fn coordinates(&self, column: usize, count: usize) -> ArrayView1<'_, f64> {
        self.rows.row(column).split_at(Axis(0), count).0
    }

    /// The weights of the pivots in the best approximation of a column, by substitution from the
    /// last pivot on.
    fn weights(&self, column: usize) -> Vec<f64> {
        let rank = self.pivots.len();
        let mut weights = self.coordinates(column, rank).to_vec();
        for (place, &pivot) in self.pivots.iter().enumerate().rev() {
            let weight = weights[place] / self.rows[[pivot, place]];
            weights[place] = weight;
            let own = self.rows.row(pivot);
            for (other, coordinate) in weights[..place].iter_mut().zip(&own) {
                *other -= weight * coordinate;
            }
        }
        weights
    }
}
