//! One stage over a batch, forward and backward.

use ndarray::{ArrayView2, ArrayViewMut2};
use pdmap_core::linalg::{Add, gemm};
use pdmap_core::{LayerError, Real, Result, parallel};

use super::route::Route;
use super::small::{self, Loaded, MOST, Sum};
use super::tasks::{Blocks, Task};

/// A batch in some order, and its route into the blocks of a stage.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'a, F> {
    pub(crate) data: &'a [F],
    pub(crate) route: &'a Route,
}

/// The sum of outer products that a backward pass accumulates for its stage.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wanted<'a, F> {
    /// `Σ δ rᵀ`, with `r` from this source.
    Output(Source<'a, F>),
    /// `Σ (Wᵀδ) rᵀ`, with `r` from this source.
    Input(Source<'a, F>),
}

impl<'a, F: Real> Source<'a, F> {
    fn row(&self, blocks: Blocks, row: usize) -> Loaded<'a, F> {
        Loaded { row: &self.data[row * blocks.features..(row + 1) * blocks.features], route: self.route }
    }

    /// The task's blocks in order: in place, or gathered into `gathered`.
    fn blocks<'b>(&self, blocks: Blocks, task: Task, gathered: &'b mut [F]) -> &'b [F]
    where
        'a: 'b,
    {
        let Task { row, rows, first, blocks: count, rest } = task;
        let part = count * blocks.side + rest;
        if self.route.is_identity() {
            let start = row * blocks.features + first * blocks.side;
            return &self.data[start..start + rows * part];
        }
        parallel::vectorized(
            #[inline(always)]
            || {
                for (row, gathered) in (row..).zip(gathered.chunks_exact_mut(part.max(1))) {
                    self.route.gather(self.row(blocks, row).row, first * blocks.side, gathered);
                }
            },
        );
        gathered
    }
}

impl<'a, F: Real> Wanted<'a, F> {
    fn source(self) -> Source<'a, F> {
        match self {
            Self::Output(source) | Self::Input(source) => source,
        }
    }
}

/// A small matrix in row-major order, in an array of fixed size.
struct Packed<F>([F; MOST * MOST]);

impl<F: Real> Packed<F> {
    fn of(matrix: ArrayView2<'_, F>) -> Self {
        let mut packed = [F::zero(); MOST * MOST];
        packed.iter_mut().zip(matrix).for_each(|(to, &from)| *to = from);
        Self(packed)
    }
}

/// `to ← X M` for the blocks `X` of the source, `[blocks, side]`; numbers outside all blocks are
/// copied. `gathered` is scratch memory as large as the batch if `side > MOST`.
pub(crate) fn map<F: Real>(
    blocks: Blocks,
    rows: usize,
    matrix: ArrayView2<'_, F>,
    from: Source<'_, F>,
    to: &mut [F],
    gathered: &mut [F],
) -> Result<()> {
    let plan = blocks.plan(rows);
    if blocks.side <= MOST {
        let packed = Packed::of(matrix);
        plan.run([to], (0, &mut []), &|task, [to], _| {
            for (row, to) in (task.row..).zip(to.chunks_exact_mut(to.len() / task.rows)) {
                let from = from.row(blocks, row);
                let (covered, rest) = to.split_at_mut(task.blocks * blocks.side);
                small::map(blocks.side, &packed.0, from, task.first, covered);
                from.route.gather(from.row, blocks.covered(), rest);
            }
        });
        return Ok(());
    }
    let gathered = if from.route.is_identity() { None } else { Some(gathered) };
    let body = |task: Task, to: &mut [F], gathered: &mut [F]| -> Result<()> {
        let x = from.blocks(blocks, task, gathered);
        each_matrix(blocks, task, |covered, rest| {
            gemm(
                F::one(),
                view(x, covered.clone(), blocks.side)?,
                matrix,
                Add::No,
                view_mut(to, covered, blocks.side)?,
            )?;
            to[rest.clone()].copy_from_slice(&x[rest]);
            Ok(())
        })
    };
    // Sizes are right by construction; every task would report the same error.
    let failure = std::sync::OnceLock::new();
    let noted = |result: Result<()>| {
        if let Err(error) = result {
            failure.get_or_init(|| error);
        }
    };
    match gathered {
        None => plan.run([to], (0, &mut []), &|task, [to], _| noted(body(task, to, &mut []))),
        Some(gathered) => {
            plan.run([to, gathered], (0, &mut []), &|task, [to, gathered], _| noted(body(task, to, gathered)));
        }
    }
    failure.into_inner().map_or(Ok(()), Err)
}

/// `to ← Δ W` for the blocks `Δ` of the source (each block becomes `Wᵀ δ`), if `propagate` is set,
/// and the wanted sum into the first `[side, side]` numbers of `partials`, which grows as needed
/// for the sums of all tasks. `gathered` are scratch memory as large as the batch if `side > MOST`.
#[allow(clippy::too_many_arguments)]
pub(crate) fn back<F: Real>(
    blocks: Blocks,
    rows: usize,
    matrix: ArrayView2<'_, F>,
    delta: Source<'_, F>,
    wanted: Wanted<'_, F>,
    (to, propagate): (&mut [F], bool),
    gathered: [&mut [F]; 2],
    partials: &mut Vec<F>,
) -> Result<()> {
    let (plan, side, size) = (blocks.plan(rows), blocks.side, blocks.side * blocks.side);
    let propagate = propagate || matches!(wanted, Wanted::Input(_));
    let needed = plan.tasks().max(1) * size;
    if partials.len() < needed {
        partials.resize(needed, F::zero());
    }
    partials[..needed].fill(F::zero());
    if side <= MOST {
        let packed = Packed::of(matrix);
        plan.run([to], (size, &mut partials[..needed]), &|task, [to], partial| {
            for (row, to) in (task.row..).zip(to.chunks_exact_mut(to.len() / task.rows)) {
                let delta = delta.row(blocks, row);
                let right = wanted.source().row(blocks, row);
                let sum = match wanted {
                    Wanted::Output(_) => Sum::Output(right),
                    Wanted::Input(_) => Sum::Input(right),
                };
                let (covered, rest) = to.split_at_mut(task.blocks * side);
                small::back(side, &packed.0, delta, sum, task.first, (covered, propagate), partial);
                if propagate {
                    delta.route.gather(delta.row, blocks.covered(), rest);
                }
            }
        });
    } else {
        let failure = std::sync::OnceLock::new();
        let [first, second] = gathered;
        let body = |task: Task, to: &mut [F], [first, second]: [&mut [F]; 2], partial: &mut [F]| {
            let delta = delta.blocks(blocks, task, first);
            let right = wanted.source().blocks(blocks, task, second);
            each_matrix(blocks, task, |covered, rest| {
                let (delta_rows, right) = (view(delta, covered.clone(), side)?, view(right, covered.clone(), side)?);
                if propagate {
                    gemm(F::one(), delta_rows, matrix, Add::No, view_mut(to, covered.clone(), side)?)?;
                    to[rest.clone()].copy_from_slice(&delta[rest]);
                }
                let below = view(to, covered, side)?;
                let left = if matches!(wanted, Wanted::Output(_)) { delta_rows } else { below };
                gemm(F::one(), left.t(), right, Add::Yes, view_mut(partial, 0..size, side)?)?;
                Ok(())
            })
        };
        plan.run([to, first, second], (size, &mut partials[..needed]), &|task, [to, first, second], partial| {
            if let Err(error) = body(task, to, [first, second], partial) {
                failure.get_or_init(|| error);
            }
        });
        failure.into_inner().map_or(Ok(()), Err)?;
    }
    // In the order of the tasks.
    let (total, others) = partials[..needed].split_at_mut(size);
    others.chunks_exact(size).for_each(|partial| parallel::add(total, partial));
    Ok(())
}

/// Ranges of a task: blocks that form one matrix, and the rest after them. All rows at once if
/// there is no rest.
fn each_matrix(
    blocks: Blocks,
    task: Task,
    mut body: impl FnMut(std::ops::Range<usize>, std::ops::Range<usize>) -> Result<()>,
) -> Result<()> {
    let covered = task.blocks * blocks.side;
    if task.rest == 0 {
        let all = task.rows * covered;
        return body(0..all, all..all);
    }
    (0..task.rows).try_for_each(|row| {
        let start = row * (covered + task.rest);
        body(start..start + covered, start + covered..start + covered + task.rest)
    })
}

/// Part of `data` as a matrix with `columns` columns.
fn view<F>(data: &[F], part: std::ops::Range<usize>, columns: usize) -> Result<ArrayView2<'_, F>> {
    let (rows, actual) = (part.len() / columns, data.len());
    let data = data.get(part).ok_or(LayerError::Memory { expected: rows * columns, actual })?;
    ArrayView2::from_shape((rows, columns), data).map_err(|_| LayerError::Memory { expected: rows * columns, actual })
}

fn view_mut<F>(data: &mut [F], part: std::ops::Range<usize>, columns: usize) -> Result<ArrayViewMut2<'_, F>> {
    let (rows, actual) = (part.len() / columns, data.len());
    let data = data.get_mut(part).ok_or(LayerError::Memory { expected: rows * columns, actual })?;
    ArrayViewMut2::from_shape((rows, columns), data)
        .map_err(|_| LayerError::Memory { expected: rows * columns, actual })
}

/// `to ← from` in another order, row by row.
pub(crate) fn reorder<F: Real>(features: usize, rows: usize, from: Source<'_, F>, to: &mut [F]) {
    // Blocks of one number only determine the sizes of tasks.
    let blocks = Blocks { side: 1, count: features, features };
    blocks.plan(rows).run([to], (0, &mut []), &|task, [to], _| {
        for (row, to) in (task.row..).zip(to.chunks_exact_mut(to.len() / task.rows)) {
            from.route.gather(from.row(blocks, row).row, task.first, to);
        }
    });
}
