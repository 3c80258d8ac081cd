//! Small blocks: matrices of side up to [`MOST`], held in registers while blocks stream past.
//!
//! For such blocks, a call of a general matrix product costs more than the arithmetic, and
//! gathering all blocks first costs a pass over memory. Here one pass loads each block from where
//! the previous stage left it, multiplies it and writes it where the next stage finds it; the
//! backward pass sums `δ yᵀ` at the same time.

use pdmap_core::Real;

use super::route::Route;

/// Side of the largest matrix handled here.
pub(crate) const MOST: usize = 16;

/// Blocks that a backward pass processes at a time.
const TILE: usize = 64;

/// A matrix by its rows.
type Square<F, const D: usize> = [[F; D]; D];

/// One of the two operands of a sum of outer products.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Loaded<'a, F> {
    /// A row, in the order where the route starts.
    pub(crate) row: &'a [F],
    /// The route into the blocks.
    pub(crate) route: &'a Route,
}

/// The sum that a backward pass accumulates.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Sum<'a, F> {
    /// `Σ δ rᵀ`, with `r` the outputs of a stage or its inputs.
    Output(Loaded<'a, F>),
    /// `Σ (Wᵀδ) rᵀ`.
    Input(Loaded<'a, F>),
}

#[inline(always)]
fn square<F: Real, const D: usize>(matrix: &[F]) -> Square<F, D> {
    let mut rows = [[F::zero(); D]; D];
    rows.iter_mut().zip(matrix.chunks_exact(D)).for_each(|(row, from)| row.copy_from_slice(from));
    rows
}

/// `Mᵀ x`: the sum of the rows of `M`, each times a number.
#[inline(always)]
fn times<F: Real, const D: usize>(rows: &Square<F, D>, x: &[F; D]) -> [F; D] {
    let mut y = [F::zero(); D];
    for (row, &x) in rows.iter().zip(x) {
        y.iter_mut().zip(row).for_each(|(y, &entry)| *y += entry * x);
    }
    y
}

/// `to ← Mᵀ x` for the blocks starting at number `first`, as many as `to` holds.
#[inline(always)]
fn map_blocks<F: Real, const D: usize>(matrix: &[F], from: Loaded<'_, F>, first: usize, to: &mut [F]) {
    let rows = square::<F, D>(matrix);
    for (block, to) in (first..).zip(to.as_chunks_mut::<D>().0) {
        *to = times(&rows, &from.route.load(from.row, block * D));
    }
}

/// `y ← y + a x`.
#[inline(always)]
fn add_times<F: Real, const D: usize>(y: &mut [F; D], a: F, x: &[F; D]) {
    y.iter_mut().zip(x).for_each(|(y, &x)| *y += a * x);
}

/// Adds to rows `row` to `row + 3` of `Σ l rᵀ`: as many sums as hide the latency of an addition.
/// (They are written out because the compiler would vectorize a loop over them across rows, and
/// transpose the sum for each block.)
#[inline(always)]
fn add_four_rows<F: Real, const D: usize>(sum: &mut Square<F, D>, row: usize, lefts: &[[F; D]], rights: &[[F; D]]) {
    let Some([a, b, c, d]) = sum.get_mut(row..).and_then(|rows| rows.first_chunk_mut::<4>()) else { return };
    let (mut sum_a, mut sum_b, mut sum_c, mut sum_d) = (*a, *b, *c, *d);
    for (left, right) in lefts.iter().zip(rights) {
        add_times(&mut sum_a, left[row], right);
        add_times(&mut sum_b, left[row + 1], right);
        add_times(&mut sum_c, left[row + 2], right);
        add_times(&mut sum_d, left[row + 3], right);
    }
    (*a, *b, *c, *d) = (sum_a, sum_b, sum_c, sum_d);
}

/// Adds to row `row` of `Σ l rᵀ`.
#[inline(always)]
fn add_row<F: Real, const D: usize>(sum: &mut Square<F, D>, row: usize, lefts: &[[F; D]], rights: &[[F; D]]) {
    let mut of_row = sum[row];
    for (left, right) in lefts.iter().zip(rights) {
        add_times(&mut of_row, left[row], right);
    }
    sum[row] = of_row;
}

/// `to ← Wᵀ δ`, if requested, and `total ← total + Σ l rᵀ` for the blocks starting at number
/// `first`, as many as `to` holds. `matrix` is `W`.
#[inline(always)]
fn back_blocks<F: Real, const D: usize>(
    matrix: &[F],
    delta: Loaded<'_, F>,
    sum: Sum<'_, F>,
    first: usize,
    (to, propagate): (&mut [F], bool),
    total: &mut [F],
) {
    let rows = square::<F, D>(matrix);
    let mut local = square::<F, D>(total);
    let (mut deltas, mut rights) = ([[F::zero(); D]; TILE], [[F::zero(); D]; TILE]);
    // Two loops over a few blocks at a time, because the matrix and the sum do not fit into
    // registers together.
    for (tile, to) in to.as_chunks_mut::<D>().0.chunks_mut(TILE).enumerate() {
        let first = first + tile * TILE;
        let (Sum::Output(right) | Sum::Input(right)) = sum;
        for (((block, to), delta_of), right_of) in (first..).zip(&mut *to).zip(&mut deltas).zip(&mut rights) {
            *delta_of = delta.route.load::<F, D>(delta.row, block * D);
            *right_of = right.route.load::<F, D>(right.row, block * D);
            if propagate {
                *to = times(&rows, delta_of);
            }
        }
        let rights = &rights[..to.len()];
        let lefts = if let Sum::Output(_) = sum { &deltas[..to.len()] } else { &*to };
        let mut row = 0;
        while row + 4 <= D {
            add_four_rows(&mut local, row, lefts, rights);
            row += 4;
        }
        while row < D {
            add_row(&mut local, row, lefts, rights);
            row += 1;
        }
    }
    total.chunks_exact_mut(D).zip(&local).for_each(|(total, local)| total.copy_from_slice(local));
}

/// Calls the function compiled for side `$side`.
macro_rules! of_side {
    ($side:expr, $name:ident $arguments:tt) => {
        match $side {
            1 => $name::<F, 1> $arguments,
            2 => $name::<F, 2> $arguments,
            3 => $name::<F, 3> $arguments,
            4 => $name::<F, 4> $arguments,
            5 => $name::<F, 5> $arguments,
            6 => $name::<F, 6> $arguments,
            7 => $name::<F, 7> $arguments,
            8 => $name::<F, 8> $arguments,
            9 => $name::<F, 9> $arguments,
            10 => $name::<F, 10> $arguments,
            11 => $name::<F, 11> $arguments,
            12 => $name::<F, 12> $arguments,
            13 => $name::<F, 13> $arguments,
            14 => $name::<F, 14> $arguments,
            15 => $name::<F, 15> $arguments,
            16 => $name::<F, 16> $arguments,
            // Larger sides are not handled here.
            _ => {}
        }
    };
}

/// Maps blocks starting at number `first` through `Mᵀ`, whose rows are given, each `[side]`
/// numbers.
pub(crate) fn map<F: Real>(side: usize, matrix: &[F], from: Loaded<'_, F>, first: usize, to: &mut [F]) {
    pdmap_core::parallel::vectorized(
        #[inline(always)]
        || of_side!(side, map_blocks(matrix, from, first, to)),
    );
}

/// Backpropagates gradients of blocks starting at number `first` through `W`, if requested, and
/// adds to the sum of outer products.
pub(crate) fn back<F: Real>(
    side: usize,
    matrix: &[F],
    delta: Loaded<'_, F>,
    sum: Sum<'_, F>,
    first: usize,
    to: (&mut [F], bool),
    total: &mut [F],
) {
    pdmap_core::parallel::vectorized(
        #[inline(always)]
        || of_side!(side, back_blocks(matrix, delta, sum, first, to, total)),
    );
}
