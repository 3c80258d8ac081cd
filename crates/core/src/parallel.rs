//! Elementwise passes and sums whose results do not depend on the number of threads.

use rayon::prelude::*;

use crate::Real;

/// Elements per task: large enough to pay for the hand-over, small enough for the cache.
pub const GRAIN: usize = 8192;

/// Passes over at most this many elements run on the calling thread: one thread finishes before
/// another has woken up.
pub const ALONE: usize = 4 * GRAIN;

/// Partial sums that run side by side.
pub const LANES: usize = 32;

/// The work of an elementwise pass on one chunk of its slices.
///
/// This is a trait with a method marked `#[inline(always)]` rather than a closure: larger closures
/// are compiled once, for the baseline instruction set, and then called from code for wider vectors
/// (measured: smooth leaky ReLU 2.7 instead of 0.4 ns per number).
pub trait Pass<T>: Sync {
    /// Processes one chunk.
    fn run(&self, chunk: T);
}

/// Runs one chunk of a pass, compiled for the widest vectors of this processor; see [`vectorized`].
#[inline(always)]
pub fn run_vectorized<T>(pass: &impl Pass<T>, chunk: T) {
    struct Body<'a, P, T>(&'a P, T);

    impl<T, P: Pass<T>> pulp::NullaryFnOnce for Body<'_, P, T> {
        type Output = ();

        #[inline(always)]
        fn call(self) {
            self.0.run(self.1);
        }
    }

    clean_registers();
    pulp::Arch::new().dispatch(Body(pass, chunk));
}

/// `y ← pass(x)` for two slices of equal length.
pub fn map<F: Real>(y: &mut [F], x: &[F], pass: &impl for<'a> Pass<(&'a mut [F], &'a [F])>) {
    if y.len() <= ALONE {
        run_vectorized(pass, (y, x));
    } else {
        y.par_chunks_mut(GRAIN).zip(x.par_chunks(GRAIN)).for_each(|(y, x)| run_vectorized(pass, (y, x)));
    }
}

/// `y ← pass(a, b)` for three slices of equal length.
pub fn map2<F: Real>(y: &mut [F], a: &[F], b: &[F], pass: &impl for<'a> Pass<(&'a mut [F], &'a [F], &'a [F])>) {
    if y.len() <= ALONE {
        run_vectorized(pass, (y, a, b));
    } else {
        y.par_chunks_mut(GRAIN)
            .zip(a.par_chunks(GRAIN).zip(b.par_chunks(GRAIN)))
            .for_each(|(y, (a, b))| run_vectorized(pass, (y, a, b)));
    }
}

/// `y ← pass(a, b, c)` for four slices of equal length.
pub fn map3<F: Real>(y: &mut [F], [a, b, c]: [&[F]; 3], pass: &impl for<'a> Pass<(&'a mut [F], [&'a [F]; 3])>) {
    if y.len() <= ALONE {
        run_vectorized(pass, (y, [a, b, c]));
    } else {
        y.par_chunks_mut(GRAIN)
            .zip(a.par_chunks(GRAIN).zip(b.par_chunks(GRAIN)).zip(c.par_chunks(GRAIN)))
            .for_each(|(y, ((a, b), c))| run_vectorized(pass, (y, [a, b, c])));
    }
}

/// Calls `body` on a thread of the pool if it processes enough `numbers` to pay for the hand-over.
/// Parallel operations inside `body` then start at once; from outside, each would wake the pool,
/// wait for it and allocate a message.
pub fn in_pool<R: Send>(numbers: usize, body: impl FnOnce() -> R + Send) -> R {
    if numbers <= ALONE { body() } else { rayon::join(body, || ()).0 }
}

/// Runs `body` compiled for the widest vectors of this processor, detected at run time: a plain
/// build reaches AVX2 or NEON without compiler flags.
///
/// It also clears the upper halves of the vector registers. Matrix kernels may leave them dirty,
/// and code for the x86-64 baseline then runs several times slower on that thread (measured: a pass
/// of smooth leaky ReLU takes 4.8 instead of 0.6 µs per row of 63).
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

    clean_registers();
    pulp::Arch::new().dispatch(Body(body))
}

/// Clears the upper halves of the calling thread's vector registers; see [`vectorized`].
#[inline(always)]
pub fn clean_registers() {
    struct Additions;

    impl pulp::NullaryFnOnce for Additions {
        type Output = ();

        #[inline(always)]
        fn call(self) {
            additions();
        }
    }

    pulp::Arch::new().dispatch(Additions);
}

/// A few additions on whole vectors. Compiled with wide registers, they end with the instruction
/// that clears the upper halves.
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
    if data.len() <= ALONE {
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

/// `pass(y, x, number)` for each row of two row-major matrices with `columns` columns and one
/// number per row.
pub fn map_rows<F: Real>(
    y: &mut [F],
    x: &[F],
    columns: usize,
    numbers: &mut [f64],
    pass: &impl for<'a> Pass<(&'a mut [F], &'a [F], &'a mut f64)>,
) {
    struct Rows<'p, P>(&'p P, usize);

    impl<'a, F, P> Pass<(&'a mut [F], &'a [F], &'a mut [f64])> for Rows<'_, P>
    where
        P: for<'r> Pass<(&'r mut [F], &'r [F], &'r mut f64)>,
    {
        #[inline(always)]
        fn run(&self, (y, x, numbers): (&'a mut [F], &'a [F], &'a mut [f64])) {
            let rows = y.chunks_exact_mut(self.1).zip(x.chunks_exact(self.1));
            rows.zip(numbers).for_each(|((y, x), number)| self.0.run((y, x, number)));
        }
    }

    if columns == 0 {
        return;
    }
    let rows = Rows(pass, columns);
    if y.len() <= ALONE {
        return run_vectorized(&rows, (y, x, numbers));
    }
    let rows_a_task = (GRAIN / columns).max(1);
    let task = rows_a_task * columns;
    y.par_chunks_mut(task)
        .zip(x.par_chunks(task).zip(numbers.par_chunks_mut(rows_a_task)))
        .for_each(|(y, (x, numbers))| run_vectorized(&rows, (y, x, numbers)));
}

/// `y ← x`, of equal length.
pub fn copy<F: Real>(y: &mut [F], x: &[F]) {
    if y.len() <= ALONE {
        y.copy_from_slice(x);
    } else {
        y.par_chunks_mut(GRAIN).zip(x.par_chunks(GRAIN)).for_each(|(y, x)| y.copy_from_slice(x));
    }
}

/// `y ← y + x`.
pub fn add<F: Real>(y: &mut [F], x: &[F]) {
    if y.len() <= ALONE {
        vectorized(|| y.iter_mut().zip(x).for_each(|(y, &x)| *y += x));
        return;
    }
    y.par_chunks_mut(GRAIN).zip(x.par_chunks(GRAIN)).for_each(|(y, x)| {
        vectorized(|| y.iter_mut().zip(x).for_each(|(y, &x)| *y += x));
    });
}

/// `x ← x + factor·x`. (The product `(1 + factor)·x` rounds once less, but the rounding of
/// `1 + factor` is common to all numbers and accumulates.)
pub fn add_multiple<F: Real>(x: &mut [F], factor: F) {
    let task = |chunk: &mut [F]| vectorized(|| chunk.iter_mut().for_each(|x| *x += factor * *x));
    if x.len() <= ALONE { task(x) } else { x.par_chunks_mut(GRAIN).for_each(task) }
}

/// `sum ← sum + Σ_rows a ∘ b` for row-major matrices. Rows are added in a fixed order, four at a
/// time.
pub fn add_column_products<F: Real>(sum: &mut [F], a: &[F], b: &[F]) {
    struct Products;

    impl<'a, F: Real> Pass<(&'a mut [F], &'a [F], &'a [F])> for Products {
        #[inline(always)]
        fn run(&self, (sum, a, b): (&'a mut [F], &'a [F], &'a [F])) {
            let columns = sum.len();
            for (a, b) in a.chunks(TOGETHER * columns).zip(b.chunks(TOGETHER * columns)) {
                if let (Some([a_0, a_1, a_2, a_3]), Some([b_0, b_1, b_2, b_3])) =
                    (together(a, columns), together(b, columns))
                {
                    let first = a_0.iter().zip(b_0).zip(a_1.iter().zip(b_1));
                    let second = a_2.iter().zip(b_2).zip(a_3.iter().zip(b_3));
                    for (sum, ((p, q), (r, s))) in sum.iter_mut().zip(first.zip(second)) {
                        let product = |(&a, &b): (&F, &F)| a * b;
                        *sum += (product(p) + product(q)) + (product(r) + product(s));
                    }
                } else {
                    for (a, b) in a.chunks_exact(columns).zip(b.chunks_exact(columns)) {
                        sum.iter_mut().zip(a.iter().zip(b)).for_each(|(sum, (&a, &b))| *sum += a * b);
                    }
                }
            }
        }
    }

    if !sum.is_empty() {
        run_vectorized(&Products, (sum, a, b));
    }
}

/// `sum ← sum + Σ_rows a`. Rows are added in a fixed order, four at a time.
pub fn add_column_sums<F: Real>(sum: &mut [F], a: &[F]) {
    struct Sums;

    impl<'a, F: Real> Pass<(&'a mut [F], &'a [F])> for Sums {
        #[inline(always)]
        fn run(&self, (sum, a): (&'a mut [F], &'a [F])) {
            let columns = sum.len();
            for a in a.chunks(TOGETHER * columns) {
                if let Some([p, q, r, s]) = together(a, columns) {
                    let (first, second) = (p.iter().zip(q), r.iter().zip(s));
                    for (sum, ((&p, &q), (&r, &s))) in sum.iter_mut().zip(first.zip(second)) {
                        *sum += (p + q) + (r + s);
                    }
                } else {
                    for a in a.chunks_exact(columns) {
                        sum.iter_mut().zip(a).for_each(|(sum, &a)| *sum += a);
                    }
                }
            }
        }
    }

    if !sum.is_empty() {
        run_vectorized(&Sums, (sum, a));
    }
}

/// Rows that are added to each other before they are added to a sum, which is then read and written
/// less often.
const TOGETHER: usize = 4;

/// The rows of a full chunk of [`TOGETHER`]; `None` for a shorter one.
#[inline(always)]
fn together<F>(a: &[F], columns: usize) -> Option<[&[F]; TOGETHER]> {
    if a.len() < TOGETHER * columns {
        return None;
    }
    let (front, back) = a.split_at(2 * columns);
    let ((p, q), (r, s)) = (front.split_at(columns), back.split_at(columns));
    Some([p, q, r, &s[..columns]])
}

/// Whether all numbers are finite.
pub fn all_finite<F: Real>(x: &[F]) -> bool {
    // x·0 is NaN exactly where x is not finite. Separate lanes break the dependency between
    // additions.
    let task = |x: &[F]| {
        vectorized(|| {
            let mut lanes = [F::zero(); LANES];
            let chunks = x.chunks_exact(LANES);
            let rest = chunks.remainder().iter().fold(F::zero(), |sum, &v| sum + v * F::zero());
            chunks.for_each(|chunk| lanes.iter_mut().zip(chunk).for_each(|(lane, &v)| *lane += v * F::zero()));
            lanes.iter().fold(rest, |sum, &lane| sum + lane) == F::zero()
        })
    };
    if x.len() <= ALONE { task(x) } else { x.par_chunks(GRAIN).all(task) }
}

/// `Σ f(x)` in `f64`, in lanes that are added in a fixed order.
#[inline(always)]
pub fn lane_sum<F: Real>(x: &[F], f: impl Fn(f64) -> f64) -> f64 {
    const LANES: usize = 16;
    let mut lanes = [0.0; LANES];
    let chunks = x.chunks_exact(LANES);
    let rest: f64 = chunks.remainder().iter().map(|&v| f(v.f64())).sum();
    chunks.for_each(|chunk| lanes.iter_mut().zip(chunk).for_each(|(lane, &v)| *lane += f(v.f64())));
    lanes.iter().sum::<f64>() + rest
}

/// `Σ x²` in `f64`: chunks of fixed size, added in a tree whose shape depends on their number
/// alone. Allocates nothing.
pub fn sum_of_squares<F: Real>(x: &[F]) -> f64 {
    if x.len() <= GRAIN {
        return vectorized(|| lane_sum(x, |v| v * v));
    }
    let (first, second) = x.split_at((x.len() / 2).next_multiple_of(GRAIN).min(x.len()));
    let (first, second) = rayon::join(|| sum_of_squares(first), || sum_of_squares(second));
    first + second
}
