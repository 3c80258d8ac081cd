//! The polyphase form of a bank: a matrix polynomial in two shifts.

use ndarray::{Array2, ArrayView2};

use crate::grid::{Alignment, Grid};
use crate::windows::pairs;

/// `y_b = Σ_m E_m x_{b+m}` over blocks `b` of both axes, with taps `E_m` of side `N`.
#[derive(Debug, Clone)]
pub struct Polyphase {
    /// The index `m` of the first tap along each axis.
    pub origin: [isize; 2],
    /// Number of taps along each axis.
    counts: [usize; 2],
    side: usize,
    /// The taps, row by row.
    taps: Vec<Array2<f64>>,
}

/// The side of the product on which the grid changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    /// Rows: the outputs.
    Output,
    /// Columns: the inputs.
    Input,
}

impl Polyphase {
    /// All taps zero.
    pub fn zeros(side: usize, origin: [isize; 2], counts: [usize; 2]) -> Self {
        let taps = vec![Array2::zeros((side, side)); counts[0] * counts[1]];
        Self { origin, counts, side, taps }
    }

    /// The identity.
    pub fn identity(side: usize) -> Self {
        Self { origin: [0, 0], counts: [1, 1], side, taps: vec![Array2::eye(side)] }
    }

    /// Side `N` of the taps.
    pub fn side(&self) -> usize {
        self.side
    }

    /// Number of taps along each axis.
    pub fn counts(&self) -> [usize; 2] {
        self.counts
    }

    /// The tap at `index` counted from the origin.
    pub fn at(&self, [y, x]: [usize; 2]) -> &Array2<f64> {
        &self.taps[y * self.counts[1] + x]
    }

    /// The tap at `index` counted from the origin, for writing.
    pub fn at_mut(&mut self, [y, x]: [usize; 2]) -> &mut Array2<f64> {
        &mut self.taps[y * self.counts[1] + x]
    }

    /// Each tap with its `m`.
    pub fn iter(&self) -> impl Iterator<Item = ([isize; 2], &Array2<f64>)> {
        let m = |(y, x): (usize, usize)| [self.origin[0] + y as isize, self.origin[1] + x as isize];
        pairs(self.counts).map(m).zip(&self.taps)
    }

    /// `W E`.
    pub fn multiplied(&self, w: ArrayView2<'_, f64>) -> Self {
        Self { taps: self.taps.iter().map(|tap| w.dot(tap)).collect(), ..*self }
    }

    /// The same map with its outputs regrouped from whole blocks to the grid at `alignment`.
    pub fn outputs_to(&self, grid: &Grid, alignment: Alignment) -> Self {
        self.regrouped(grid, alignment, Side::Output, false)
    }

    /// The same map with its outputs regrouped from the grid at `alignment` to whole blocks.
    pub fn outputs_from(&self, grid: &Grid, alignment: Alignment) -> Self {
        self.regrouped(grid, alignment, Side::Output, true)
    }

    /// The same map with its inputs regrouped from whole blocks to the grid at `alignment`.
    pub fn inputs_to(&self, grid: &Grid, alignment: Alignment) -> Self {
        self.regrouped(grid, alignment, Side::Input, true)
    }

    /// Number `other` of block `b` on the grid at `alignment` is number `whole` of the aligned
    /// block `b + carry`. Outputs regrouped to that grid have their taps `carry` later; outputs
    /// regrouped back, and inputs, have them `carry` earlier.
    fn regrouped(&self, grid: &Grid, alignment: Alignment, side: Side, earlier: bool) -> Self {
        if alignment == Alignment::Whole {
            return self.clone();
        }
        let origin = if earlier { self.origin.map(|m| m - 1) } else { self.origin };
        let mut moved = Self::zeros(self.side, origin, self.counts.map(|count| count + 1));
        for (other, (carry, whole)) in grid.numbers(alignment).into_iter().enumerate() {
            let [down, across] = carry.map(|carry| if earlier { 1 - carry } else { carry });
            let (to, from) = if side == Side::Output && earlier { (whole, other) } else { (other, whole) };
            for (y, x) in pairs(self.counts) {
                let (source, target) = (self.at([y, x]), moved.at_mut([y + down, x + across]));
                match side {
                    Side::Output => target.row_mut(to).assign(&source.row(from)),
                    Side::Input => target.column_mut(to).assign(&source.column(from)),
                }
            }
        }
        moved.trimmed()
    }

    /// Without zero taps at the ends of either axis; at least one tap remains.
    fn trimmed(self) -> Self {
        let used = |at: &(usize, usize)| self.at([at.0, at.1]).iter().any(|&value| value != 0.0);
        let (mut first, mut last) = (self.counts, [0, 0]);
        for (y, x) in pairs(self.counts).filter(used) {
            (first, last) = ([first[0].min(y), first[1].min(x)], [last[0].max(y), last[1].max(x)]);
        }
        if first[0] > last[0] {
            return Self::zeros(self.side, self.origin, [1, 1]);
        }
        self.window(
            [self.origin[0] + first[0] as isize, self.origin[1] + first[1] as isize],
            [last[0] - first[0] + 1, last[1] - first[1] + 1],
        )
    }

    /// The `counts` taps from `origin` on, padded with zeros; other taps are dropped.
    pub fn window(&self, origin: [isize; 2], counts: [usize; 2]) -> Self {
        let mut window = Self::zeros(self.side, origin, counts);
        for (m, tap) in self.iter() {
            let at = [m[0] - origin[0], m[1] - origin[1]];
            if at[0] >= 0 && at[1] >= 0 && at[0] < counts[0] as isize && at[1] < counts[1] as isize {
                window.at_mut([at[0] as usize, at[1] as usize]).assign(tap);
            }
        }
        window
    }

    /// `max_s |Σ_m E_m E_{m+s}ᵀ − δ_s I|`: 0 if the map is orthonormal at every length, NaN if an
    /// entry is NaN.
    pub fn residual(&self) -> f64 {
        let [down, across] = self.counts.map(|count| count as isize);
        let mut worst = 0.0_f64;
        // The sums at −s are the transposes of those at s.
        for (s_y, s_x) in (0..down).flat_map(|y| (1 - across..across).map(move |x| (y, x))) {
            let mut sum = Array2::<f64>::zeros((self.side, self.side));
            for (y, x) in pairs(self.counts) {
                let (to_y, to_x) = (y as isize + s_y, x as isize + s_x);
                if (0..down).contains(&to_y) && (0..across).contains(&to_x) {
                    sum += &self.at([y, x]).dot(&self.at([to_y as usize, to_x as usize]).t());
                }
            }
            if (s_y, s_x) == (0, 0) {
                sum.diag_mut().iter_mut().for_each(|diagonal| *diagonal -= 1.0);
            }
            worst = sum.iter().fold(worst, |worst, v| larger(worst, v.abs()));
        }
        worst
    }
}

/// The larger of two numbers; NaN if either is NaN.
pub fn larger(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }
}
