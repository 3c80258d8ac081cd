//! Steps in parameter space by panels: a tile of the direction is computed, applied while it is in
//! the cache, and discarded.
//!
//! The direction `mean·PᵀQ + W` has D² entries, and an elementwise rule needs each of them once.
//! Written out, it would take the memory of another weight and four passes over it: copy `W`, add
//! the product, read it in the rule, write the step. Here a task computes `ROWS × COLUMNS` entries
//! of the product, adds `W` and applies the step at once, so a step only moves the weight and the
//! rule's own state through memory.

use faer::{Accum, MatMut, MatRef};
use ndarray::ArrayView2;

use super::general::grow;
use crate::contract::step::cut;
use crate::contract::{ElementwiseStep, Memory, Piece};
use crate::linalg::{Product, as_faer, parts};
use crate::parallel::{Pass, run_vectorized};
use crate::{Real, Result, check};

/// Rows of a tile. The second factor is read once per tile row, which 64 rows amortize.
const ROWS: usize = 64;

/// Columns of a tile, so that it fits into a core's own cache.
const COLUMNS: usize = 1024;

/// Numbers that are turned into a direction and applied together.
const RUN: usize = 1024;

/// `W ← W + step(mean·PᵀQ + W)` for `P`, `Q` of shape `[rows, D]`.
///
/// # Errors
/// Optimizer memory of another parameter; shapes that do not match.
pub(super) fn ascend<F: Real>(
    mean: F,
    (p, q): (ArrayView2<'_, F>, ArrayView2<'_, F>),
    step: &ElementwiseStep<'_, F>,
    weight: &mut [F],
    memory: &mut Memory<F>,
    buffer: &mut Vec<F>,
) -> Result<()> {
    let (rows, dim) = p.dim();
    check::shape("right factor of a direction", (rows, dim), q.dim())?;
    check::shape("weight", (1, dim * dim), (1, weight.len()))?;
    memory.prepare(step, weight.len())?;
    memory.steps += 1;
    let tasks = parts(2 * rows * dim * dim, dim);
    let columns = COLUMNS.min(dim);
    grow(buffer, tasks * ROWS * columns);
    let (p, q) = (as_faer("left factor", &p)?, as_faer("right factor", &q)?);
    let panel = Panel { p, q, mean, step, dim };
    panel.follow(weight, memory.slices(), &mut buffer[..tasks * ROWS * columns], tasks);
    Ok(())
}

/// Some rows of the direction; `P` has one column for each.
#[derive(Clone, Copy)]
struct Panel<'a, F> {
    p: MatRef<'a, F>,
    q: MatRef<'a, F>,
    mean: F,
    step: &'a ElementwiseStep<'a, F>,
    dim: usize,
}

impl<F: Real> Panel<'_, F> {
    fn follow(self, weight: &mut [F], slots: [&mut [F]; 3], buffer: &mut [F], tasks: usize) {
        if tasks <= 1 {
            return self.alone(weight, slots, buffer);
        }
        let rows = (self.p.ncols() / 2).next_multiple_of(16).min(self.p.ncols());
        let (p_0, p_1) = self.p.split_at_col(rows);
        let (b_0, b_1) = buffer.split_at_mut(buffer.len() / 2);
        let (w_0, w_1) = cut(weight, rows * self.dim);
        let [(s_0, s_1), (t_0, t_1), (u_0, u_1)] = slots.map(|slot| cut(slot, rows * self.dim));
        rayon::join(
            || Self { p: p_0, ..self }.follow(w_0, [s_0, t_0, u_0], b_0, tasks / 2),
            || Self { p: p_1, ..self }.follow(w_1, [s_1, t_1, u_1], b_1, tasks / 2),
        );
    }

    fn alone(self, mut weight: &mut [F], mut slots: [&mut [F]; 3], buffer: &mut [F]) {
        let dim = self.dim;
        let mut from = 0;
        while from < self.p.ncols() {
            let rows = ROWS.min(self.p.ncols() - from);
            let (here, rest) = cut(weight, rows * dim);
            weight = rest;
            let [(s, s_rest), (t, t_rest), (u, u_rest)] = slots.map(|slot| cut(slot, rows * dim));
            slots = [s_rest, t_rest, u_rest];
            let mut here = (here, [s, t, u]);
            for left in (0..dim).step_by(COLUMNS) {
                let columns = COLUMNS.min(dim - left);
                let piece = &mut buffer[..rows * columns];
                let product = MatMut::from_row_major_slice_mut(&mut *piece, rows, columns);
                let (p, q) = (self.p.subcols(from, rows).transpose(), self.q.subcols(left, columns));
                F::run(&Product, (product, Accum::Replace, p, q, self.mean));
                let place = Place { columns, left, dim };
                run_vectorized(
                    &Follow { step: self.step, place },
                    (&mut *here.0, &mut *piece, here.1.each_mut().map(|slot| &mut **slot)),
                );
            }
            from += rows;
        }
    }
}

/// Position of a tile within its panel.
#[derive(Debug, Clone, Copy)]
struct Place {
    columns: usize,
    left: usize,
    dim: usize,
}

/// `direction ← product + W`, then the step, one run of numbers at a time.
struct Follow<'a, F> {
    step: &'a ElementwiseStep<'a, F>,
    place: Place,
}

type Rows<'a, F> = (&'a mut [F], &'a mut [F], [&'a mut [F]; 3]);

impl<'a, F: Real> Pass<Rows<'a, F>> for Follow<'_, F> {
    #[inline(always)]
    fn run(&self, (weight, product, slots): Rows<'a, F>) {
        let Place { columns, left, dim } = self.place;
        let [s, t, u] = slots;
        for (row, product) in product.chunks_exact_mut(columns).enumerate() {
            for (run, direction) in product.chunks_mut(RUN).enumerate() {
                let at = row * dim + left + run * RUN;
                let end = at + direction.len();
                let parameter = &mut weight[at..end];
                direction.iter_mut().zip(&*parameter).for_each(|(d, &w)| *d += w);
                let slots = [part(s, at, end), part(t, at, end), part(u, at, end)];
                self.step.run(Piece { parameter, direction, slots });
            }
        }
    }
}

/// `slice[at..end]`; empty if the slice is empty.
#[inline(always)]
fn part<F>(slice: &mut [F], at: usize, end: usize) -> &mut [F] {
    if slice.is_empty() { slice } else { &mut slice[at..end] }
}
