//! The elementwise pass: tanh of the sources, and sums over rows of what the likelihood and the
//! curvature need.

use pdmap_core::Real;
use pdmap_core::parallel::Pass;

/// Rows of a block at most: the product of as many numbers in `(1, 2]` stays finite.
pub(super) const MOST_ROWS: usize = 512;

/// Sums of each column over some rows.
#[derive(Debug, Clone, Default)]
pub(super) struct ColumnSums {
    /// `Σ log cosh y`.
    pub(super) log_cosh: Vec<f64>,
    /// `Σ (1 − tanh² y)`.
    pub(super) slope: Vec<f64>,
    /// `Σ (1 − tanh² y) y²`.
    pub(super) slope_square: Vec<f64>,
    /// `Σ|y|` and `Π (1 + e^{−2|y|})` of a block.
    size: Vec<f64>,
    product: Vec<f64>,
}

impl ColumnSums {
    pub(super) fn clear(&mut self, columns: usize) {
        for sums in [&mut self.log_cosh, &mut self.slope, &mut self.slope_square] {
            sums.clear();
            sums.resize(columns, 0.0);
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        let pairs = [
            (&mut self.log_cosh, &other.log_cosh),
            (&mut self.slope, &other.slope),
            (&mut self.slope_square, &other.slope_square),
        ];
        for (own, other) in pairs {
            own.iter_mut().zip(other).for_each(|(own, other)| *own += other);
        }
    }
}

/// From sources `y`, `[rows, columns]`, to `tanh y` and sums. At most [`MOST_ROWS`] rows.
pub(super) struct Tanh;

impl<'a> Pass<(&'a [f64], &'a mut [f64], &'a mut ColumnSums)> for Tanh {
    #[inline(always)]
    fn run(&self, (y, tanh, sums): (&'a [f64], &'a mut [f64], &'a mut ColumnSums)) {
        let columns = sums.log_cosh.len();
        let rows = y.len() / columns.max(1);
        let ColumnSums { log_cosh, slope, slope_square, size, product } = sums;
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
        for ((log_cosh, size), product) in log_cosh.iter_mut().zip(size).zip(product) {
            *log_cosh += *size + product.ln() - rows as f64 * std::f64::consts::LN_2;
        }
    }
}
