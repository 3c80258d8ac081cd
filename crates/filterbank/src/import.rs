//! From kernels to stages: order reduction of the half-rank lattice.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::svd::{ComputeSvdVectors, svd, svd_scratch};
use faer::{Mat, Par};
use ndarray::{Array1, Array2, ArrayView1, Axis, concatenate};
use pdmap_core::group::recentre;
use pdmap_core::{LayerError, Result, parallel};

use crate::grid::{Grid, Place};
use crate::kernels::Kernels;
use crate::polish::polish;
use crate::polyphase::{Polyphase, larger};
use crate::stages::Stages;
use crate::windows::pairs;

/// How far kernels may be from orthonormal, and from the product of the stages found.
const TOLERANCE: f64 = 1e-7;
/// Taps that are smaller than this hold nothing.
const NOTHING: f64 = 1e-15;
/// Singular values below this are rounding: their vectors are free.
const RANK: f64 = 1e-11;
/// A direction of which less than this is new has been taken already.
const NEW: f64 = 0.5;
/// How far from a whole number the shift of orthonormal kernels may be by rounding.
const WHOLE: f64 = 1e-6;
/// How many numbers of stages are tried, from the least that the taps fit on.
const TRIALS: usize = 3;
/// Newton–Schulz steps that bring a stage, orthonormal but for the rounding of the kernels, to O(N).
const RECENTRINGS: usize = 4;

/// Stages that were found for kernels.
#[derive(Debug, Clone)]
pub struct Imported {
    /// The stages.
    pub stages: Stages,
    /// Where the stages look, against the kernels: their kernels are the given ones, but read `shift` positions further on along each axis (0 where the given offset
    /// was that of the stages; the second one is that of a signal). The given bank is theirs on a signal that was moved by as much.
    pub shift: [isize; 2],
    /// The largest difference between the given kernels and those of the stages.
    pub residual: f64,
}

/// Rows of a stage's blocks that come from the same side along each axis.
type Key = [bool; 2];

impl Stages {
    /// The stages of a paraunitary set of kernels, as few as hold it.
    ///
    /// Going back from the last stage `W_M`, half of the rows of `W_Mᵀ E(z)` must be free of the last tap, and the other half of the first one: their spaces are those of
    /// the taps at the ends, found by singular values (order reduction, Vaidyanathan 1993, section 14.3). In 2-D this is done along both axes. The stages are one
    /// choice of many: between two of them the halves may be rotated and rotated back.
    ///
    /// A product of stages moves nothing on the whole: `log det E(e^{iω})` has no winding, and for orthonormal kernels its winding number is
    /// `Σ_m m ‖E_m‖²`, the index of a banded orthonormal matrix (Strang 2010, *Fast transforms: banded matrices with banded inverses*; Gross, Nesme, Vogts & Werner
    /// 2012). That number decides by how many positions the kernels have to be shifted. With one channel every
    /// 1-D set that was tried then is a product, also those of uneven rank, which take up to twice as many stages as their taps have periods. Where the ranks leave a choice (odd
    /// periods with more than one channel) the first is taken, and a product that needs another is missed. Most 2-D sets are none.
    ///
    /// The product of the stages is the kernels to rounding where there are up to about five stages, or up to 800 rotations `M·N(N−1)/2`, which are polished together. With more of both, small
    /// taps at the ends cost digits: with 8 random stages and `N` from 14 to 24 the residual was 7e-8 at the worst of a thousand, and is reported.
    ///
    /// # Errors
    /// [`LayerError::NotParaunitary`] with the residual; [`LayerError::FractionalShift`] where no shift by whole positions will do (a delay of one channel of two);
    /// [`LayerError::NotFactorable`] where the kernels are orthonormal but no product of stages was found, with the largest entry that is missed.
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
        // Period 1 takes two stages, in an image four, for a tap to each side. Along an axis that no stage reaches along, no number is enough.
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

    /// The largest difference between other kernels and those of the stages.
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

/// By how many positions orthonormal kernels move their inputs backwards along each axis: `−Σ_m m ‖E_m‖²`, over the numbers that one position moves.
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

/// The best stages for the kernels, good or not.
fn reduce(grid: &Grid, kernels: &Kernels, count: usize) -> Result<Stages> {
    // Taps on the grid of the first stage, from `low` to `high` along each axis: one more to one side for each change of grid.
    let (mut low, mut high) = ([0_isize; 2], [0_isize; 2]);
    for stage in (1..count).rev() {
        for axis in shifted_axes(grid, [grid.place(stage, count), grid.place(stage - 1, count)]) {
            if grid.place(stage, count) == Place::Whole { low[axis] -= 1 } else { high[axis] += 1 }
        }
    }
    let counts =
        |low: [isize; 2], high: [isize; 2]| [0, 1].map(|axis| (high[axis] - low[axis] + 1).max(1) as usize);
    let mut taps = kernels.polyphase().inputs_to(grid, grid.place(0, count)).window(low, counts(low, high));
    let mut matrices = vec![];
    for stage in (1..count).rev() {
        let places = [grid.place(stage, count), grid.place(stage - 1, count)];
        let axes = shifted_axes(grid, places);
        let keys = keys(grid, places);
        let matrix = split(&taps, &axes, &keys);
        let rest = taps.multiplied(matrix.t());
        let whole = places[0] == Place::Whole;
        let rest = if whole { rest.outputs_to(grid, places[1]) } else { rest.outputs_from(grid, places[0]) };
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
        // Only from nearby: elsewhere the residual says that nothing was found.
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

/// Axes along which one of two grids, of which the other is whole, is shifted.
fn shifted_axes(grid: &Grid, places: [Place; 2]) -> Vec<usize> {
    let shifted = if places[0] == Place::Whole { places[1] } else { places[0] };
    let carries = grid.numbers(shifted);
    (0..2).filter(|&axis| carries.iter().any(|(carry, _)| carry[axis] == 1)).collect()
}

/// For each row in front of the stage on the first grid, along each axis, whether it comes from the earlier of the two blocks that it may come from on the second one: then
/// it has no last tap, and otherwise no first one.
fn keys(grid: &Grid, places: [Place; 2]) -> Vec<Key> {
    let mut keys = vec![[false; 2]; grid.side()];
    let whole = places[0] == Place::Whole;
    for (other, (carry, local)) in
        grid.numbers(if whole { places[1] } else { places[0] }).into_iter().enumerate()
    {
        let row = if whole { local } else { other };
        keys[row] = carry.map(|carry| (carry == 1) == whole);
    }
    keys
}

/// An orthonormal `W` such that the rows of `Wᵀ E` lack the taps that their keys say.
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

/// All first and all last taps along an axis, seen in a basis, side by side.
fn ends(taps: &Polyphase, axis: usize, basis: &Array2<f64>) -> (Array2<f64>, Array2<f64>) {
    let counts = taps.counts();
    let at = |end: usize| {
        let found: Vec<Array2<f64>> = pairs(counts)
            .map(|(y, x)| [y, x])
            .filter(|place| place[axis] == end)
            .map(|place| basis.t().dot(taps.at(place)))
            .collect();
        let views: Vec<_> = found.iter().map(|tap| tap.view()).collect();
        concatenate(Axis(1), &views).unwrap_or_else(|_| Array2::zeros((basis.ncols(), 0)))
    };
    (at(0), at(counts[axis] - 1))
}

/// The basis in two parts, of as many columns as there are rows: the first holds the space of the first taps, the second that of the last ones. What neither takes goes where the
/// coordinates of the rows are.
fn halves(basis: &Array2<f64>, ends: [Array2<f64>; 2], rows: [&[usize]; 2]) -> [Array2<f64>; 2] {
    let mut candidates: Vec<(f64, usize, Array1<f64>)> = vec![];
    for (part, end) in ends.iter().enumerate() {
        candidates.extend(left_vectors(end).into_iter().map(|(value, vector)| (value, part, vector)));
    }
    // The surest first: what is uncertain about the others is made orthogonal to them.
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
            // The coordinate that is farthest from what is taken; of this part's rows rather than of the other's.
            let all =
                rows[part].iter().map(|&row| (1.0, row)).chain(rows[1 - part].iter().map(|&row| (NEW, row)));
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
        columns
            .columns_mut()
            .into_iter()
            .zip(&vectors)
            .for_each(|(mut column, vector)| column.assign(vector));
        basis.dot(&columns)
    })
}

fn length(vector: &Array1<f64>) -> f64 {
    vector.dot(vector).sqrt()
}

/// The part of a vector that is orthogonal to all that is taken: twice, to rounding.
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

/// A unit vector's remainder as a unit vector, where it is new.
fn rejected(vector: ArrayView1<'_, f64>, taken: &[Vec<Array1<f64>>; 2]) -> Option<Array1<f64>> {
    let left = remainder(vector, taken);
    let norm = length(&left);
    (norm > NEW).then(|| remainder((left / norm).view(), taken))
}

/// Left singular vectors with their values.
fn left_vectors(a: &Array2<f64>) -> Vec<(f64, Array1<f64>)> {
    let (rows, columns) = a.dim();
    let size = rows.min(columns);
    let matrix = Mat::from_fn(rows, columns, |i, j| a[[i, j]]);
    let (mut values, mut u) = (faer::Col::<f64>::zeros(size), Mat::<f64>::zeros(rows, size));
    let (thin, none) = (ComputeSvdVectors::Thin, ComputeSvdVectors::No);
    let scratch = svd_scratch::<f64>(rows, columns, thin, none, Par::Seq, Default::default());
    let result = svd(
        matrix.as_ref(),
        values.as_mut().as_diagonal_mut(),
        Some(u.as_mut()),
        None,
        Par::Seq,
        MemStack::new(&mut MemBuffer::new(scratch)),
        Default::default(),
    );
    match result {
        Ok(()) => (0..size).map(|at| (values[at], Array1::from_shape_fn(rows, |row| u[(row, at)]))).collect(),
        Err(_) => vec![],
    }
}
