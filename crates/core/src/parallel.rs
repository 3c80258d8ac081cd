//! Elementwise passes and sums whose results do not depend on the number of threads.

use rayon::prelude::*;

use crate::Real;

/// Elements that one task handles: large enough to pay for the hand-over, small enough for the cache.
const GRAIN: usize = 8192;

/// Runs `body` compiled for the widest vectors of this processor, chosen at run time: a plain build reaches AVX2 or NEON without flags.
///
/// It also leaves the vector registers clean. Matrix kernels may leave their upper halves dirty, and code for the x86-64
/// baseline then runs several times slower on that thread (measured: a pass of smooth leaky ReLU 4.8 instead of 0.6 µs a row of 63).
#[inline(always)]
pub fn vectorized<R>(body: impl FnOnce() -> R) -> R {
    struct Body<B>(B);

    impl<R, B: FnOnce() -> R> pulp::NullaryFnOnce for Body<B> {
        type Output = R;

        #[inline(always)]
        fn call(self) -> R {
            (self.0)()
        }
    }

    let arch = pulp::Arch::new();
    arch.dispatch(Body(additions));
    arch.dispatch(Body(body))
}

/// Leaves the vector registers of the calling thread as code for the baseline wants them: see [`vectorized`].
pub fn clean_registers() {
    vectorized(|| ());
}

/// A few additions on whole vectors: compiled with wide registers, they end with the instruction that clears their upper halves.
#[inline(always)]
fn additions() {
    let mut lanes = std::hint::black_box([0.0_f32; 16]);
    lanes.iter_mut().for_each(|lane| *lane += 1.0);
    std::hint::black_box(lanes);
}

/// Calls `body(row, values)` for each row of a row-major matrix with `columns` columns.
pub fn rows_mut<F: Real>(data: &mut [F], columns: usize, body: impl Fn(usize, &mut [F]) + Sync) {
    if columns == 0 {
        return;
    }
    let rows_a_task = (GRAIN / columns).max(1);
    if data.len() <= GRAIN {
        vectorized(|| data.chunks_exact_mut(columns).enumerate().for_each(|(row, values)| body(row, values)));
        return;
    }
    data.par_chunks_mut(rows_a_task * columns).enumerate().for_each(|(task, chunk)| {
        vectorized(|| {
            for (offset, values) in chunk.chunks_exact_mut(columns).enumerate() {
                body(task * rows_a_task + offset, values);
            }
        });
    });
}

/// Calls `body(row, values, number)` for each row, where `numbers` has one `f64` a row.
pub fn rows_mut_with<F: Real>(
    data: &mut [F],
    columns: usize,
    numbers: &mut [f64],
    body: impl Fn(usize, &mut [F], &mut f64) + Sync,
) {
    if columns == 0 {
        return;
    }
    let rows_a_task = (GRAIN / columns).max(1);
    let task = |task: usize, chunk: &mut [F], numbers: &mut [f64]| {
        vectorized(|| {
            for (offset, (values, number)) in chunk.chunks_exact_mut(columns).zip(numbers).enumerate() {
                body(task * rows_a_task + offset, values, number);
            }
        });
    };
    if data.len() <= GRAIN {
        data.chunks_mut(rows_a_task * columns)
            .zip(numbers.chunks_mut(rows_a_task))
            .enumerate()
            .for_each(|(index, (chunk, numbers))| task(index, chunk, numbers));
        return;
    }
    data.par_chunks_mut(rows_a_task * columns)
        .zip(numbers.par_chunks_mut(rows_a_task))
        .enumerate()
        .for_each(|(index, (chunk, numbers))| task(index, chunk, numbers));
}

/// `y ← x`, both of one length.
pub fn copy<F: Real>(y: &mut [F], x: &[F]) {
    if y.len() <= GRAIN {
        y.copy_from_slice(x);
    } else {
        y.par_chunks_mut(GRAIN).zip(x.par_chunks(GRAIN)).for_each(|(y, x)| y.copy_from_slice(x));
    }
}

/// `body(d, a, b)` on chunks of fixed size of three slices of equal length.
pub fn zip3<F: Real>(
    d: &mut [F],
    a: &mut [F],
    b: &mut [F],
    body: impl Fn(&mut [F], &mut [F], &mut [F]) + Sync,
) {
    if d.len() <= GRAIN {
        vectorized(|| body(d, a, b));
        return;
    }
    d.par_chunks_mut(GRAIN)
        .zip(a.par_chunks_mut(GRAIN).zip(b.par_chunks_mut(GRAIN)))
        .for_each(|(d, (a, b))| vectorized(|| body(d, a, b)));
}

/// `y ← y + x`.
pub fn add<F: Real>(y: &mut [F], x: &[F]) {
    if y.len() <= GRAIN {
        vectorized(|| y.iter_mut().zip(x).for_each(|(y, &x)| *y += x));
        return;
    }
    y.par_chunks_mut(GRAIN).zip(x.par_chunks(GRAIN)).for_each(|(y, x)| {
        vectorized(|| y.iter_mut().zip(x).for_each(|(y, &x)| *y += x));
    });
}

/// `x ← x + factor·x`. (The product `(1 + factor)·x` has one rounding less, but that of `1 + factor` is the same for all numbers, and adds up.)
pub fn add_multiple<F: Real>(x: &mut [F], factor: F) {
    let task = |chunk: &mut [F]| vectorized(|| chunk.iter_mut().for_each(|x| *x += factor * *x));
    if x.len() <= GRAIN { task(x) } else { x.par_chunks_mut(GRAIN).for_each(task) }
}

/// `sum ← sum + Σ_rows a ∘ b` for row-major matrices; rows are added in their order.
pub fn add_column_products<F: Real>(sum: &mut [F], a: &[F], b: &[F]) {
    if sum.is_empty() {
        return;
    }
    vectorized(|| {
        for (a, b) in a.chunks_exact(sum.len()).zip(b.chunks_exact(sum.len())) {
            for ((sum, &a), &b) in sum.iter_mut().zip(a).zip(b) {
                *sum += a * b;
            }
        }
    });
}

/// `sum ← sum + Σ_rows a`; rows are added in their order.
pub fn add_column_sums<F: Real>(sum: &mut [F], a: &[F]) {
    if sum.is_empty() {
        return;
    }
    vectorized(|| {
        for a in a.chunks_exact(sum.len()) {
            sum.iter_mut().zip(a).for_each(|(sum, &a)| *sum += a);
        }
    });
}

/// `Σ x²` in `f64`: chunks of fixed size, added in the order of a tree that depends on their number alone. Takes no memory.
pub fn sum_of_squares<F: Real>(x: &[F]) -> f64 {
    if x.len() <= GRAIN {
        return vectorized(|| x.iter().map(|&v| v.f64() * v.f64()).sum::<f64>());
    }
    let (first, second) = x.split_at((x.len() / 2).next_multiple_of(GRAIN).min(x.len()));
    let (first, second) = rayon::join(|| sum_of_squares(first), || sum_of_squares(second));
    first + second
}

/// `body(p, d, a, b)` on chunks of fixed size of four slices of equal length: one pass over parameters, direction and
/// two slots of an optimizer's memory.
pub fn zip4<F: Real>(
    p: &mut [F],
    d: &mut [F],
    a: &mut [F],
    b: &mut [F],
    body: impl Fn(&mut [F], &mut [F], &mut [F], &mut [F]) + Sync,
) {
    if p.len() <= GRAIN {
        vectorized(|| body(p, d, a, b));
        return;
    }
    p.par_chunks_mut(GRAIN)
        .zip(d.par_chunks_mut(GRAIN))
        .zip(a.par_chunks_mut(GRAIN).zip(b.par_chunks_mut(GRAIN)))
        .for_each(|((p, d), (a, b))| vectorized(|| body(p, d, a, b)));
}
