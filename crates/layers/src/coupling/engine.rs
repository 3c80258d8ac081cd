//! Applies the transform to all cells of a batch and divides the work among threads.

use pdmap_core::parallel::{ALONE, GRAIN};
use pdmap_core::{Real, kernel};
use rayon::prelude::*;

use super::Transform;
use super::passes::{Backward, Forward, Inverse, Rows};

/// A transform of cells with `width` features that change.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Engine {
    pub(crate) transform: Transform,
    pub(crate) width: usize,
}

/// Direction of a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Forward,
    Inverse,
}

/// The passes, compiled once per scalar.
struct ForwardRows(Rows);

struct InverseRows(Rows);

struct BackwardRows(Rows);

kernel!(ForwardRows, Forward<'a, F>, |this, given| pdmap_core::parallel::run_vectorized(&this.0, given));
kernel!(InverseRows, Inverse<'a, F>, |this, given| pdmap_core::parallel::run_vectorized(&this.0, given));
kernel!(BackwardRows, Backward<'a, F>, |this, given| pdmap_core::parallel::run_vectorized(&this.0, given));

impl Engine {
    fn rows(self) -> Rows {
        Rows { transform: self.transform, width: self.width }
    }

    /// Rows of one task.
    fn task(self) -> usize {
        (GRAIN / (self.width * self.transform.parameters())).max(1)
    }

    pub(crate) fn apply<F: Real>(
        self,
        direction: Direction,
        from: &[F],
        parameters: &[F],
        to: &mut [F],
        logs: Option<&mut [F]>,
    ) {
        let (rows, parameters_each) = (self.rows(), self.width * self.transform.parameters());
        let run = |from: &[F], parameters: &[F], to: &mut [F], log_det: Option<&mut [F]>| match direction {
            Direction::Forward => F::run(&ForwardRows(rows), Forward { x: from, parameters, y: to, log_det }),
            Direction::Inverse => F::run(&InverseRows(rows), Inverse { y: from, parameters, x: to, log_det }),
        };
        if parameters.len() <= ALONE {
            return run(from, parameters, to, logs);
        }
        let task = self.task();
        let parts = to
            .par_chunks_mut(task * self.width)
            .zip(from.par_chunks(task * self.width).zip(parameters.par_chunks(task * parameters_each)));
        match logs {
            None => parts.for_each(|(to, (from, parameters))| run(from, parameters, to, None)),
            Some(logs) => parts
                .zip(logs.par_chunks_mut(task))
                .for_each(|((to, (from, parameters)), logs)| run(from, parameters, to, Some(logs))),
        }
    }

    pub(crate) fn backward<F: Real>(self, x: &[F], delta: &mut [F], parameters: &mut [F]) {
        let (rows, parameters_each) = (self.rows(), self.width * self.transform.parameters());
        if parameters.len() <= ALONE {
            return F::run(&BackwardRows(rows), Backward { x, delta, parameters });
        }
        let task = self.task();
        x.par_chunks(task * self.width)
            .zip(delta.par_chunks_mut(task * self.width).zip(parameters.par_chunks_mut(task * parameters_each)))
            .for_each(|(x, (delta, parameters))| F::run(&BackwardRows(rows), Backward { x, delta, parameters }));
    }
}
