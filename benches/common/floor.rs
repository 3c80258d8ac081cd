//! The floor of a step: the matrix products and factorizations that its algorithm requires,
//! computed by the same routines, and one pass over the optimizer state. The rest of a step is
//! nonlinearities, biases, sums, copies, checks and the guard.

use anyhow::{Context, Result};
use ndarray::{Array2, ArrayView2};
use pdmap::Real;
use pdmap::linalg::{Add, Lu, gemm};
use pdmap::parallel::{Pass, in_pool, run_vectorized};
use rayon::prelude::*;

use super::case::{Arm, Case, Rule};
use super::start;

/// One matrix and the buffer of its direction.
struct Matrix<F> {
    weight: Array2<F>,
    direction: Array2<F>,
    /// The result of the second product of D³ of the algebra and of O(D), and of the relative
    /// direction for batches of at least D rows.
    product: Array2<F>,
    /// The optimizer's input on O(D): the numbers of a strict lower triangle.
    packed: Vec<F>,
    moments: [Vec<F>; 2],
}

/// The buffers of a floor.
pub(crate) struct Floor<F: Real> {
    case: Case,
    matrices: Vec<Matrix<F>>,
    /// Rows entering a layer, rows leaving it, `∂ log p/∂y`, and two results `[batch, features]`.
    rows: [Array2<F>; 5],
    /// `I − A/2` and `A` for a small skew `A`, on O(D).
    cayley: Option<(Vec<F>, Array2<F>)>,
}

impl<F: Real> Floor<F> {
    pub(crate) fn new(case: Case) -> Result<Self> {
        let Case { arm, features: dim, batch, optimizer, .. } = case;
        let orthonormal = arm.orthonormal();
        let cube = arm == Arm::Algebra || orthonormal || (arm == Arm::Relative && batch >= dim);
        let optimized = if orthonormal { dim * (dim - 1) / 2 } else { dim * dim };
        let square = |wanted: bool| Array2::zeros(if wanted { (dim, dim) } else { (0, 0) });
        let matrices = (0..case.matrices())
            .map(|index| {
                Ok(Matrix {
                    weight: start::reflection(dim, index as u64)?,
                    direction: square(true),
                    product: square(cube),
                    packed: vec![F::of(0.5); if orthonormal { optimized } else { 0 }],
                    moments: [(); 2].map(|()| vec![F::zero(); optimizer.slots() / 2 * optimized]),
                })
            })
            .collect::<Result<_>>()?;
        let cayley = orthonormal.then(|| skew(dim));
        let some = start::batches(dim, batch, 2)?;
        let rows = std::array::from_fn(|index| some[index].clone());
        Ok(Self { case, matrices, rows, cayley })
    }

    pub(crate) fn run(&mut self) -> Result<()> {
        in_pool(self.case.features * self.case.features.max(self.case.batch), || self.run_here())
    }

    fn run_here(&mut self) -> Result<()> {
        let Self { case, matrices, rows: [x, y, delta, result, product], cayley } = self;
        let (one, mean) = (F::one(), F::of(1.0 / case.batch as f64));
        for matrix in matrices.iter() {
            gemm(one, x.view(), matrix.weight.t(), Add::No, result.view_mut())?;
        }
        for matrix in matrices.iter().skip(1) {
            gemm(one, delta.view(), matrix.weight.view(), Add::No, result.view_mut())?;
        }
        for Matrix { weight, direction, product: cube, packed, moments } in matrices {
            let outer = |right: ArrayView2<'_, F>, direction: &mut Array2<F>| {
                gemm(mean, delta.t(), right, Add::No, direction.view_mut())
            };
            match case.arm {
                Arm::Exact => {
                    outer(x.view(), direction)?;
                    std::hint::black_box(Lu::<F>::new(weight.view())?.inverse_transposed()?);
                }
                Arm::Relative if case.batch < case.features => {
                    gemm(one, y.view(), weight.view(), Add::No, product.view_mut())?;
                    outer(product.view(), direction)?;
                }
                Arm::Relative | Arm::Algebra => {
                    outer(y.view(), direction)?;
                    gemm(one, direction.view(), weight.view(), Add::No, cube.view_mut())?;
                }
                Arm::Orthonormal | Arm::Svd => {
                    outer(y.view(), direction)?;
                    if let Some((system, a)) = cayley {
                        let lu = Lu::of_factors(case.features, system.clone())?;
                        gemm(one, a.view(), weight.view(), Add::No, cube.view_mut())?;
                        lu.solve_left(cube.view_mut())?;
                    }
                }
            }
            let gradient = if case.arm.orthonormal() { packed } else { slice(direction)? };
            optimize(case.optimizer, &mut slice(weight)?[..gradient.len()], gradient, moments);
        }
        Ok(())
    }
}

fn slice<F: Real>(matrix: &mut Array2<F>) -> Result<&mut [F]> {
    matrix.as_slice_mut().context("a matrix that is not contiguous")
}

/// One pass over all memory that the optimizer reads and writes. The learning rate is negligible,
/// so the weights stay constant however often it runs.
fn optimize<F: Real>(rule: Rule, parameter: &mut [F], gradient: &mut [F], [m, v]: &mut [Vec<F>; 2]) {
    match rule {
        Rule::Sgd => parameter
            .par_chunks_mut(CHUNK)
            .zip(gradient.par_chunks(CHUNK))
            .for_each(|(p, d)| run_vectorized(&Sgd, (p, d))),
        Rule::Adam => parameter
            .par_chunks_mut(CHUNK)
            .zip(gradient.par_chunks(CHUNK))
            .zip(m.par_chunks_mut(CHUNK).zip(v.par_chunks_mut(CHUNK)))
            .for_each(|((p, d), (m, v))| run_vectorized(&Adam, (p, d, m, v))),
    }
}

/// Numbers per task of the pass.
const CHUNK: usize = 8192;

struct Sgd;

impl<'a, F: Real> Pass<(&'a mut [F], &'a [F])> for Sgd {
    #[inline(always)]
    fn run(&self, (p, d): (&'a mut [F], &'a [F])) {
        let rate = F::of(1e-20);
        p.iter_mut().zip(d).for_each(|(p, &d)| *p += rate * d);
    }
}

struct Adam;

type Moments<'a, F> = (&'a mut [F], &'a [F], &'a mut [F], &'a mut [F]);

impl<'a, F: Real> Pass<Moments<'a, F>> for Adam {
    #[inline(always)]
    fn run(&self, (p, d, m, v): Moments<'a, F>) {
        let (beta1, beta2, epsilon, rate) = (F::of(0.9), F::of(0.999), F::of(1e-8), F::of(1e-20));
        for (((p, d), m), v) in p.iter_mut().zip(d).zip(m).zip(v) {
            *m = beta1 * *m + (F::one() - beta1) * *d;
            *v = beta2 * *v + (F::one() - beta2) * *d * *d;
            *p += rate * *m / (num_traits::Float::sqrt(*v) + epsilon);
        }
    }
}

/// `(I − A/2, A)` with the skew `A` of entries ±1/(10 D).
fn skew<F: Real>(dim: usize) -> (Vec<F>, Array2<F>) {
    let a = Array2::from_shape_fn((dim, dim), |(i, j)| {
        let size = 0.1 / dim as f64;
        let sign = if (i + j) % 3 == 0 { -1.0 } else { 1.0 };
        F::of(match i.cmp(&j) {
            std::cmp::Ordering::Less => -sign * size,
            std::cmp::Ordering::Equal => 0.0,
            std::cmp::Ordering::Greater => sign * size,
        })
    });
    let system = a.indexed_iter().map(|((i, j), &a)| if i == j { F::one() } else { F::of(-0.5) * a });
    (system.collect(), a)
}
