//! The elementwise passes: scores of the sources, and sums over rows of what the likelihood and the
//! curvature need.

use pdmap_core::Real;
use pdmap_core::parallel::Pass;

/// Most rows of a block: the product of as many numbers in `(1, 2]` stays finite.
pub(super) const MOST_ROWS: usize = 512;

/// Sums of each column over some rows.
#[derive(Debug, Clone, Default)]
pub(super) struct ColumnSums {
    /// `Σ ∫ t(y)`.
    pub(super) energy: Vec<f64>,
    /// `Σ t'(y)`.
    pub(super) slope: Vec<f64>,
    /// `Σ t'(y) y²`.
    pub(super) slope_square: Vec<f64>,
    /// `Σ|y|` and `Π (1 + e^{−2|y|})` of a block, or `Π (1 + y²)` of a few rows.
    size: Vec<f64>,
    product: Vec<f64>,
}

impl ColumnSums {
    pub(super) fn clear(&mut self, columns: usize) {
        for sums in [&mut self.energy, &mut self.slope, &mut self.slope_square] {
            sums.clear();
            sums.resize(columns, 0.0);
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        let pairs = [
            (&mut self.energy, &other.energy),
            (&mut self.slope, &other.slope),
            (&mut self.slope_square, &other.slope_square),
        ];
        for (own, other) in pairs {
            own.iter_mut().zip(other).for_each(|(own, other)| *own += other);
        }
    }
}

/// From sources `y`, `[rows, columns]`, to `t = tanh y` and sums. At most [`MOST_ROWS`] rows.
pub(super) struct Tanh;

impl<'a> Pass<(&'a [f64], &'a mut [f64], &'a mut ColumnSums)> for Tanh {
    #[inline(always)]
    fn run(&self, (y, tanh, sums): (&'a [f64], &'a mut [f64], &'a mut ColumnSums)) {
        let columns = sums.energy.len();
        let rows = y.len() / columns.max(1);
        let ColumnSums { energy, slope, slope_square, size, product } = sums;
        size.clear();
        size.resize(columns, 0.0);
        product.clear();
        product.resize(columns, 1.0);
        for (y, tanh) in y.chunks_exact(columns).zip(tanh.chunks_exact_mut(columns)) {
            let sums = size.iter_mut().zip(&mut *product).zip(&mut *slope).zip(&mut *slope_square);
            for ((&y, tanh), (((size, product), slope), slope_square)) in y.iter().zip(tanh).zip(sums) {
                let magnitude = y.abs();
                let e = (-2.0 * magnitude).vector_exp();
                let t = (1.0 - e) / (1.0 + e);
                let own = 1.0 - t * t;
                *tanh = t.copysign(y);
                *size += magnitude;
                *product *= 1.0 + e;
                *slope += own;
                *slope_square += own * y * y;
            }
        }
        // One logarithm for all rows: log cosh y = |y| + log(1 + e^{−2|y|}) − log 2.
        for ((energy, size), product) in energy.iter_mut().zip(size).zip(product) {
            *energy += *size + product.ln() - rows as f64 * std::f64::consts::LN_2;
        }
    }
}

/// Rows whose squares are multiplied before a logarithm: finite for numbers up to 1e19.
const RUN: usize = 8;

/// From sources `y`, `[rows, columns]`, to `t = 4y/(1 + y²)` and sums, with the energy `2 log(1 + y²)`.
pub(super) struct HeavyTailed;

impl<'a> Pass<(&'a [f64], &'a mut [f64], &'a mut ColumnSums)> for HeavyTailed {
    #[inline(always)]
    fn run(&self, (y, score, sums): (&'a [f64], &'a mut [f64], &'a mut ColumnSums)) {
        let columns = sums.energy.len();
        let ColumnSums { energy, slope, slope_square, product, .. } = sums;
        for (y, score) in y.chunks(RUN * columns).zip(score.chunks_mut(RUN * columns)) {
            product.clear();
            product.resize(columns, 1.0);
            for (y, score) in y.chunks_exact(columns).zip(score.chunks_exact_mut(columns)) {
                let sums = product.iter_mut().zip(&mut *slope).zip(&mut *slope_square);
                for ((&y, score), ((product, slope), slope_square)) in y.iter().zip(score).zip(sums) {
                    let square = y * y;
                    let inverse = 1.0 / (1.0 + square);
                    let own = 4.0 * (1.0 - square) * inverse * inverse;
                    *score = 4.0 * y * inverse;
                    *product *= 1.0 + square;
                    *slope += own;
                    *slope_square += own * square;
                }
            }
            energy.iter_mut().zip(&*product).for_each(|(energy, product)| *energy += 2.0 * product.ln());
        }
    }
}
