//! From kernels to stages: order reduction of the half-rank lattice.

use ndarray::{Array1, Array2, ArrayView1, Axis, concatenate};
use pdmap_core::group::recentre;
use pdmap_core::linalg::{Svd, svd};
use pdmap_core::{LayerError, Result, parallel};

use crate::grid::{Alignment, Grid};
use crate::kernels::Kernels;
use crate::polish::polish;
use crate::polyphase::{Polyphase, larger};
use crate::stages::Stages;
use crate::windows::pairs;

/// Allowed deviation of the kernels from orthonormality, and from the product of the stages found.
const TOLERANCE: f64 = 1e-7;
/// Taps smaller than this count as 0.
const NOTHING: f64 = 1e-15;
/// Singular values below this are rounding; their vectors are arbitrary.
const RANK: f64 = 1e-11;
/// A direction whose remainder is smaller than this is already taken.
const NEW: f64 = 0.5;
/// Allowed deviation by rounding of the shift of orthonormal kernels from a whole number.
const WHOLE: f64 = 1e-6;
/// Number of stage counts to try, from the smallest that covers the taps.
const TRIALS: usize = 3;
/// Newton–Schulz steps that bring a stage, orthonormal up to the rounding of the kernels, to O(N).
const RECENTRINGS: usize = 4;

/// Stages found for given kernels.
#[derive(Debug, Clone)]
pub struct Imported {
    /// The stages.
    pub stages: Stages,
    /// Shift between the given kernels and those of the stages. The stages' kernels are the given
    /// ones, reading `shift` positions further along each axis (0 if the given offset was that of
    /// the stages; for a signal, the second entry counts). The given bank is that of the stages on
    /// a signal shifted by as much.
    pub shift: [isize; 2],
    /// The largest difference between the given kernels and those of the stages.
    pub residual: f64,
}

/// Along each axis, which of the two possible blocks the rows of a group come from.
type Key = [bool; 2];

impl Stages {
    /// Factors paraunitary kernels into the smallest number of stages.
    ///
    /// Going back from the last stage `W_M`, half of the rows of `W_Mᵀ E(z)` must lack the last tap
    /// and the other half the first one. The two subspaces are those of the taps at the ends, found
    /// by singular values (order reduction, Vaidyanathan 1993, section 14.3); in 2-D along both
    /// axes. The stages are not unique: between two stages the halves may be rotated and rotated
    /// back.
    ///
    /// A product of stages has no net shift: the winding number of `det E(e^{iω})` is 0. For
    /// orthonormal kernels it equals `Σ_m m ‖E_m‖²`, the index of a banded orthonormal matrix
    /// (Strang 2010, *Fast transforms: banded matrices with banded inverses*; Gross, Nesme, Vogts &
    /// Werner 2012), which determines by how many positions the kernels must be shifted. Every 1-D
    /// set with one channel that was tried is then a product, including those of uneven rank, which
    /// take up to twice as many stages as their taps have periods. Where the ranks leave a choice
    /// (odd periods with more than one channel), the first is taken, and a product that needs
    /// another one is missed. Most 2-D sets are not products.
    ///
    /// The stages reproduce the kernels to rounding for up to about five stages, or up to 800
    /// rotations `M·N(N−1)/2`, which are refined together. With more of both, small taps at the
    /// ends cost digits: with 8 random stages and `N` from 14 to 24 the residual, which is
    /// reported, was at worst 7e-8 over a thousand runs.
    ///
    /// # Errors
    /// [`LayerError::NotParaunitary`] with the residual; [`LayerError::FractionalShift`] if no
    /// shift by whole positions suffices (such as a delay of one channel of two);
    /// [`LayerError::NotFactorable`] for orthonormal kernels without a product of stages, with the
    /// largest missed entry.
    pub fn import(kernels: &Kernels) -> Result<Imported> {
        let residual = kernels.residual();
        if residual.is_nan() || residual > TOLERANCE {
            return Err(LayerError::NotParaunitary { residual, tolerance: TOLERANCE });
        }
        let (shift, kernels) = (whole_shift(kernels)?, kernels.trimmed(NOTHING)?);
        let offset = [0, 1].map(|axis| kernels.offset()[axis] - shift[axis]);
        let (grid, taps, centred) = (kernels.grid(), kernels.taps(), kernels.with_offset(offset));
        let fits = |stages: usize| {
            let reach = grid.reach(stages);
            (0..2).all(|axis| {
                let first = reach[axis].1 as isize - offset[axis];
                first >= 0 && first as usize + taps[axis] <= reach[axis].0
            })
        };
        let mut best = (0, f64::INFINITY);
        // Period 1 takes two stages (four in an image) per tap to each side. Along an axis on which
        // no stage is shifted, no number is enough.
        let most = 4 * taps[0].max(taps[1]) + 4;
        for stages in (1..=most).filter(|&stages| fits(stages)).take(TRIALS) {
            let found = reduce(&grid, &centred, stages)?;
            let (found, residual) = polish(found, &centred)?;
            if residual <= TOLERANCE {
                return Ok(Imported { stages: found, shift, residual });
            }
            if residual < best.1 {
                best = (stages, residual);
            }
        }
        Err(LayerError::NotFactorable { stages: best.0, residual: best.1, tolerance: TOLERANCE })
    }

    /// The largest difference between the given kernels and those of the stages.
    pub(super) fn difference(&self, kernels: &Kernels) -> Result<f64> {
        let (own, other) = (self.polyphase(), kernels.polyphase());
        let first = [0, 1].map(|axis| own.origin[axis].min(other.origin[axis]));
        let end = |of: &Polyphase, axis: usize| of.origin[axis] + of.counts()[axis] as isize;
        let counts = [0, 1].map(|axis| (end(&own, axis).max(end(&other, axis)) - first[axis]) as usize);
        let (own, other) = (own.window(first, counts), other.window(first, counts));
        let differences = own
            .iter()
            .zip(other.iter())
            .map(|((_, a), (_, b))| a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, larger));
        Ok(differences.fold(0.0, larger))
    }
}

/// Number of positions by which orthonormal kernels shift their inputs backwards along each axis:
/// `−Σ_m m ‖E_m‖²`, divided by the numbers that a shift by one position moves.
fn whole_shift(kernels: &Kernels) -> Result<[isize; 2]> {
    let grid = kernels.grid();
    let mut shifts = [0, 0];
    for axis in [0, 1] {
        let index: f64 = kernels.polyphase().iter().map(|(m, tap)| m[axis] as f64 * (tap * tap).sum()).sum();
        let shift = -index * grid.period[axis] as f64 / grid.side() as f64;
        if (shift - shift.round()).abs() > WHOLE {
            return Err(LayerError::FractionalShift { axis, shift });
        }
        shifts[axis] = shift.round() as isize;
    }
    Ok(shifts)
}

/// The best `count` stages for the kernels, whether they reproduce them or not.
fn reduce(grid: &Grid, kernels: &Kernels, count: usize) -> Result<Stages> {
    // Taps on the grid of the first stage, from `low` to `high` along each axis: each change of
    // grid adds one on one side.
    let (mut low, mut high) = ([0_isize; 2], [0_isize; 2]);
    for stage in (1..count).rev() {
        for axis in shifted_axes(grid, [grid.alignment(stage, count), grid.alignment(stage - 1, count)]) {
            if grid.alignment(stage, count) == Alignment::Whole { low[axis] -= 1 } else { high[axis] += 1 }
        }
    }
    let counts = |low: [isize; 2], high: [isize; 2]| [0, 1].map(|axis| (high[axis] - low[axis] + 1).max(1) as usize);
    let mut taps = kernels.polyphase().inputs_to(grid, grid.alignment(0, count)).window(low, counts(low, high));
    let mut matrices = vec![];
    for stage in (1..count).rev() {
        let alignments = [grid.alignment(stage, count), grid.alignment(stage - 1, count)];
        let axes = shifted_axes(grid, alignments);
        let keys = keys(grid, alignments);
        let matrix = split(&taps, &axes, &keys);
        let rest = taps.multiplied(matrix.t());
        let whole = alignments[0] == Alignment::Whole;
        let rest = if whole { rest.outputs_to(grid, alignments[1]) } else { rest.outputs_from(grid, alignments[0]) };
        for &axis in &axes {
            if whole { low[axis] += 1 } else { high[axis] -= 1 }
        }
        taps = rest.window(low, counts(low, high));
        matrices.push(matrix);
    }
    matrices.push(taps.at([0, 0]).clone());
    parallel::clean_registers();
    let mut scratch = vec![];
    for matrix in &mut matrices {
        // Corrects small deviations only; for large ones the residual shows that nothing was found.
        for _ in 0..RECENTRINGS {
            recentre(matrix, &mut scratch)?;
        }
        if matrix.iter().any(|value| !value.is_finite()) {
            *matrix = Array2::eye(grid.side());
        }
    }
    matrices.reverse();
    Stages::new(grid.period(), grid.channels, matrices)
}

/// Axes along which one of two grids is shifted; the other is whole.
fn shifted_axes(grid: &Grid, alignments: [Alignment; 2]) -> Vec<usize> {
    let shifted = if alignments[0] == Alignment::Whole { alignments[1] } else { alignments[0] };
    let carries = grid.numbers(shifted);
    (0..2).filter(|&axis| carries.iter().any(|(carry, _)| carry[axis] == 1)).collect()
}

/// For each row of the input of a stage on the first grid, along each axis: whether it comes from
/// the earlier of the two blocks of the second grid that it may come from. If so it has no last
/// tap, otherwise no first one.
fn keys(grid: &Grid, alignments: [Alignment; 2]) -> Vec<Key> {
    let mut keys = vec![[false; 2]; grid.side()];
    let whole = alignments[0] == Alignment::Whole;
    for (other, (carry, local)) in
        grid.numbers(if whole { alignments[1] } else { alignments[0] }).into_iter().enumerate()
    {
        let row = if whole { local } else { other };
        keys[row] = carry.map(|carry| (carry == 1) == whole);
    }
    keys
}

/// An orthonormal `W` such that the rows of `Wᵀ E` lack the taps given by their keys.
fn split(taps: &Polyphase, axes: &[usize], keys: &[Key]) -> Array2<f64> {
    let side = taps.side();
    // Orthonormal columns for the rows of each partial key.
    let mut groups: Vec<(Key, Array2<f64>)> = vec![([false; 2], Array2::eye(side))];
    for (done, &axis) in axes.iter().enumerate() {
        let mut finer = vec![];
        for (key, basis) in groups {
            let mine = |other: &Key| axes[..done].iter().all(|&axis| other[axis] == key[axis]);
            let early: Vec<usize> = (0..side).filter(|&row| mine(&keys[row]) && keys[row][axis]).collect();
            let late: Vec<usize> = (0..side).filter(|&row| mine(&keys[row]) && !keys[row][axis]).collect();
            let (first, last) = ends(taps, axis, &basis);
            let [early_basis, late_basis] = halves(&basis, [first, last], [&early, &late]);
            for (value, basis) in [(true, early_basis), (false, late_basis)] {
                let mut key = key;
                key[axis] = value;
                finer.push((key, basis));
            }
        }
        groups = finer;
    }
    let mut matrix = Array2::zeros((side, side));
    for (key, basis) in &groups {
        let rows = (0..side).filter(|&row| axes.iter().all(|&axis| keys[row][axis] == key[axis]));
        for (row, column) in rows.zip(basis.columns()) {
            matrix.column_mut(row).assign(&column);
        }
    }
    matrix
}

/// The first taps and the last taps along an axis, in the coordinates of a basis, each
/// concatenated.
fn ends(taps: &Polyphase, axis: usize, basis: &Array2<f64>) -> (Array2<f64>, Array2<f64>) {
    let counts = taps.counts();
    let at = |end: usize| {
        let found: Vec<Array2<f64>> = pairs(counts)
            .map(|(y, x)| [y, x])
            .filter(|alignment| alignment[axis] == end)
            .map(|alignment| basis.t().dot(taps.at(alignment)))
            .collect();
        let views: Vec<_> = found.iter().map(|tap| tap.view()).collect();
        concatenate(Axis(1), &views).unwrap_or_else(|_| Array2::zeros((basis.ncols(), 0)))
    };
    (at(0), at(counts[axis] - 1))
}

/// Splits the basis into two parts with as many columns as there are rows: the first contains the
/// space of the first taps, the second that of the last taps. Remaining directions are taken along
/// the coordinates of the rows.
fn halves(basis: &Array2<f64>, ends: [Array2<f64>; 2], rows: [&[usize]; 2]) -> [Array2<f64>; 2] {
    let mut candidates: Vec<(f64, usize, Array1<f64>)> = vec![];
    for (part, end) in ends.iter().enumerate() {
        candidates.extend(left_vectors(end).into_iter().map(|(value, vector)| (value, part, vector)));
    }
    // Largest singular values first: the less certain vectors are made orthogonal to them.
    candidates.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut taken: [Vec<Array1<f64>>; 2] = [vec![], vec![]];
    for (_, part, vector) in candidates.iter().filter(|(value, ..)| *value > RANK) {
        if taken[*part].len() < rows[*part].len()
            && let Some(vector) = rejected(vector.view(), &taken)
        {
            taken[*part].push(vector);
        }
    }
    for part in [0, 1] {
        while taken[part].len() < rows[part].len() {
            // The coordinate farthest from the vectors taken so far, with preference for this
            // part's own rows.
            let all = rows[part].iter().map(|&row| (1.0, row)).chain(rows[1 - part].iter().map(|&row| (NEW, row)));
            let left = |row: usize| remainder(basis.row(row), &taken);
            let best = all.max_by(|a, b| (a.0 * length(&left(a.1))).total_cmp(&(b.0 * length(&left(b.1)))));
            let vector = best.map_or_else(|| Array1::zeros(basis.ncols()), |(_, row)| left(row));
            let vector = remainder(vector.view(), &taken);
            let norm = length(&vector).max(f64::MIN_POSITIVE);
            taken[part].push(vector / norm);
        }
    }
    taken.map(|vectors| {
        let mut columns = Array2::zeros((basis.ncols(), vectors.len()));
        columns.columns_mut().into_iter().zip(&vectors).for_each(|(mut column, vector)| column.assign(vector));
        basis.dot(&columns)
    })
}

fn length(vector: &Array1<f64>) -> f64 {
    vector.dot(vector).sqrt()
}

/// The component of a vector orthogonal to all vectors taken; applied twice, to reach rounding.
fn remainder(vector: ArrayView1<'_, f64>, taken: &[Vec<Array1<f64>>; 2]) -> Array1<f64> {
    let mut vector = vector.to_owned();
    for _ in 0..2 {
        for other in taken.iter().flatten() {
            let along = vector.dot(other);
            vector.scaled_add(-along, other);
        }
    }
    vector
}

/// The normalized remainder of a unit vector, if it is large enough.
fn rejected(vector: ArrayView1<'_, f64>, taken: &[Vec<Array1<f64>>; 2]) -> Option<Array1<f64>> {
    let left = remainder(vector, taken);
    let norm = length(&left);
    (norm > NEW).then(|| remainder((left / norm).view(), taken))
}

/// Left singular vectors with their singular values.
fn left_vectors(a: &Array2<f64>) -> Vec<(f64, Array1<f64>)> {
    let Some(Svd { values, u: Some(u), .. }) = svd(a.view(), true, false) else { return vec![] };
    values.into_iter().zip(u.columns()).map(|(value, vector)| (value, vector.to_owned())).collect()
}
