//! Sums and passes over the groups of a row.

use pdmap_core::Real;
use pdmap_core::parallel::{self, GRAIN};
use rayon::prelude::*;

/// Calls `body(row of a, row of b)` for each row; writes `b`.
pub(super) fn rows<F: Real>(
    a: &[F],
    width_a: usize,
    b: &mut [F],
    width_b: usize,
    body: impl Fn(&[F], &mut [F]) + Sync,
) {
    let task = (GRAIN / width_a).max(1);
    let run = |(a, b): (&[F], &mut [F])| {
        parallel::vectorized(|| {
            a.chunks_exact(width_a).zip(b.chunks_exact_mut(width_b)).for_each(|(a, b)| body(a, b));
        });
    };
    if a.len() <= parallel::ALONE {
        run((a, b));
    } else {
        a.par_chunks(task * width_a).zip(b.par_chunks_mut(task * width_b)).for_each(run);
    }
}

/// `Σ a b` in `f64`.
pub(super) fn dot<F: Real>(a: &[F], b: &[F]) -> f64 {
    parallel::vectorized(|| {
        let mut lanes = [0.0; 16];
        let (chunks_a, chunks_b) = (a.chunks_exact(16), b.chunks_exact(16));
        let rest: f64 = chunks_a.remainder().iter().zip(chunks_b.remainder()).map(|(a, b)| a.f64() * b.f64()).sum();
        for (a, b) in chunks_a.zip(chunks_b) {
            lanes.iter_mut().zip(a.iter().zip(b)).for_each(|(lane, (a, b))| *lane += a.f64() * b.f64());
        }
        lanes.iter().sum::<f64>() + rest
    })
}
