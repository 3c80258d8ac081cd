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
    /// Sums and products over a block, for each number of several neighbouring rows.
    wide: [Vec<f64>; 4],
}

impl ColumnSums {
    pub(super) fn clear(&mut self, columns: usize) {
        for sums in [&mut self.energy, &mut self.slope, &mut self.slope_square] {
            sums.clear();
            sums.resize(columns, 0.0);
        }
    }

    /// Empty sums and products of so many numbers.
    #[inline(always)]
    fn widen(&mut self, numbers: usize) {
        for (sums, start) in self.wide.iter_mut().zip([0.0, 1.0, 0.0, 0.0]) {
            sums.clear();
            sums.resize(numbers, start);
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

/// The score of a density before a sign and a quadratic part, one number at a time.
pub(super) trait Score: Sync {
    /// Rows whose factors are multiplied before a logarithm.
    const RUN: usize;

    /// `t(y)`, `t'(y)`, and the parts `a` and `b` of the energy.
    fn at(y: f64) -> [f64; 4];

    /// `Σ ∫ t(y)` over rows from `Σ a` and `Π b`.
    fn energy(sum: f64, product: f64, rows: usize) -> f64;
}

/// `t = tanh y`, with the energy `log cosh y = |y| + log(1 + e^{−2|y|}) − log 2`.
pub(super) struct Tanh;

impl Score for Tanh {
    const RUN: usize = MOST_ROWS;

    #[inline(always)]
    fn at(y: f64) -> [f64; 4] {
        let magnitude = y.abs();
        let e = (-2.0 * magnitude).vector_exp();
        let t = (1.0 - e) / (1.0 + e);
        [t.copysign(y), 1.0 - t * t, magnitude, 1.0 + e]
    }

    #[inline(always)]
    fn energy(sum: f64, product: f64, rows: usize) -> f64 {
        sum + product.ln() - rows as f64 * std::f64::consts::LN_2
    }
}

/// `t = 4y/(1 + y²)`, with the energy `2 log(1 + y²)`.
pub(super) struct HeavyTailed;

impl Score for HeavyTailed {
    /// Finite for numbers up to 1e19.
    const RUN: usize = 8;

    #[inline(always)]
    fn at(y: f64) -> [f64; 4] {
        let square = y * y;
        let inverse = 1.0 / (1.0 + square);
        [4.0 * y * inverse, 4.0 * (1.0 - square) * inverse * inverse, 0.0, 1.0 + square]
    }

    #[inline(always)]
    fn energy(_: f64, product: f64, _: usize) -> f64 {
        2.0 * product.ln()
    }
}

/// Numbers of neighbouring rows that are added up as if they were one row: a loop over them is long
/// enough for vectors.
const WIDE: usize = 256;

/// From sources `y`, `[rows, columns]`, to scores and sums. At most [`MOST_ROWS`] rows.
pub(super) struct Scores<S>(pub(super) S);

impl<'a, S: Score> Pass<(&'a [f64], &'a mut [f64], &'a mut ColumnSums)> for Scores<S> {
    #[inline(always)]
    fn run(&self, (y, score, sums): (&'a [f64], &'a mut [f64], &'a mut ColumnSums)) {
        let columns = sums.energy.len();
        let together = (WIDE / columns.max(1)).clamp(1, S::RUN);
        let (run, wide) = (S::RUN * columns, together * columns);
        for (y, score) in y.chunks(run).zip(score.chunks_mut(run)) {
            let rows = y.len() / columns.max(1);
            let whole = rows / together * wide;
            sums.widen(wide);
            add_up::<S>(&y[..whole], &mut score[..whole], wide, &mut sums.wide);
            add_up::<S>(&y[whole..], &mut score[whole..], columns, &mut sums.wide);
            let ColumnSums { energy, slope, slope_square, wide: [size, product, slopes, squares] } = sums;
            for column in 0..columns {
                let all = || (column..wide).step_by(columns);
                slope[column] += all().map(|at| slopes[at]).sum::<f64>();
                slope_square[column] += all().map(|at| squares[at]).sum::<f64>();
                let (sum, factor) = (all().map(|at| size[at]).sum(), all().map(|at| product[at]).product());
                energy[column] += S::energy(sum, factor, rows);
            }
        }
    }
}

#[inline(always)]
fn add_up<S: Score>(y: &[f64], score: &mut [f64], width: usize, sums: &mut [Vec<f64>; 4]) {
    let [size, product, slope, slope_square] = sums;
    for (y, score) in y.chunks_exact(width).zip(score.chunks_exact_mut(width)) {
        let sums = size.iter_mut().zip(&mut *product).zip(&mut *slope).zip(&mut *slope_square);
        for ((&y, score), (((size, product), slope), slope_square)) in y.iter().zip(score).zip(sums) {
            let [t, own, a, b] = S::at(y);
            *score = t;
            *size += a;
            *product *= b;
            *slope += own;
            *slope_square += own * y * y;
        }
    }
}
