//! Log-densities, posteriors and gradients of rows under the trained components.

use ndarray::{ArrayView2, ArrayViewMut2};
use pdmap_core::linalg::{Add, gemm};
use pdmap_core::parallel::{self, Pass, run_vectorized};
use pdmap_core::special::log_sum_exp;
use pdmap_core::{LayerError, ParamGrad, Real, Result, check};

use super::density::GaussianMixtureBase;
use super::factors::FactorKind;
use super::workspace::{Workspace, grow};
use crate::gaussian::HALF_LOG_TAU;
use crate::posterior::Posterior;

impl<F: Real> GaussianMixtureBase<F> {
    /// Adds the log-density of each row to `out`.
    pub(super) fn evaluate(&self, z: ArrayView2<'_, F>, out: &mut [f64], work: &mut Workspace<F>) -> Result<()> {
        check::log_det(z.nrows(), Some(out))?;
        self.write_joint(z.reborrow(), false, work)?;
        self.write_posterior(z.nrows(), Some(out), work);
        Ok(())
    }

    /// Writes codes and posteriors of all components to the workspace, and adds the log-density of
    /// each row to `out`.
    pub(super) fn expect(&self, z: ArrayView2<'_, F>, out: Option<&mut [f64]>, work: &mut Workspace<F>) -> Result<()> {
        check::log_det(z.nrows(), out.as_deref())?;
        self.write_joint(z.reborrow(), true, work)?;
        self.write_posterior(z.nrows(), out, work);
        Ok(())
    }

    fn write_posterior(&self, rows: usize, out: Option<&mut [f64]>, work: &mut Workspace<F>) {
        if rows == 0 {
            return;
        }
        grow(&mut work.log_density, rows);
        grow(&mut work.totals, rows);
        let (log_density, totals) = (&mut work.log_density[..rows], &mut work.totals[..rows]);
        run_vectorized(&Posterior, (&mut work.posterior[..self.components() * rows], &mut *log_density, totals));
        if let Some(out) = out {
            parallel::add(out, log_density);
        }
    }

    /// Writes `log(π_k N(z; μ_k, Σ_k))` to `work.posterior`, `[K, rows]`, and the codes `y_k` of all
    /// components, or of the last one if they are not `kept`.
    fn write_joint(&self, z: ArrayView2<'_, F>, kept: bool, work: &mut Workspace<F>) -> Result<()> {
        let (rows, columns, count) = (z.nrows(), self.columns(), self.components());
        check::features("base rows", columns, z.ncols())?;
        let data = check::slice("base rows", &z)?;
        let size = rows * columns;
        let held = if kept { count * size } else { size };
        grow(&mut work.centred, size);
        grow(&mut work.codes, held);
        if self.factors.kind == FactorKind::Orthonormal {
            grow(&mut work.turned, held);
        }
        grow(&mut work.posterior, count * rows);
        self.write_weights(work);
        for k in 0..count {
            let constant = work.log_weights[k] + self.factors.log_det(k, &mut work.lu)? - columns as f64 * HALF_LOG_TAU;
            let from = if kept { k * size } else { 0 };
            let centred = &mut work.centred[..size];
            let mean = &self.means.slice()[k * columns..(k + 1) * columns];
            run_vectorized(&Subtract(mean), (&mut *centred, data));
            let y = &mut work.codes[from..from + size];
            let scales = work.scales.get(k * columns..(k + 1) * columns).unwrap_or(&[]);
            match (self.factors.kind, self.factors.matrix(k)) {
                (FactorKind::Diagonal, _) | (_, None) => run_vectorized(&Scale(scales), (&mut *y, &*centred)),
                (FactorKind::Orthonormal, Some(matrix)) => {
                    let turned = &mut work.turned[from..from + size];
                    matrix.apply(view(centred, rows, columns)?, view_mut(turned, rows, columns)?)?;
                    run_vectorized(&Scale(scales), (&mut *y, &*turned));
                }
                (_, Some(matrix)) => {
                    matrix.apply(view(centred, rows, columns)?, view_mut(y, rows, columns)?)?;
                }
            }
            let joint = &mut work.posterior[k * rows..(k + 1) * rows];
            run_vectorized(&Squares { columns, constant }, (joint, &*y));
        }
        Ok(())
    }

    /// `log π = a − log Σ eᵃ`, and the scales.
    fn write_weights(&self, work: &mut Workspace<F>) {
        work.log_weights.clear();
        let logits = self.logits.slice().iter().map(|a| a.f64());
        let total = log_sum_exp(logits.clone());
        work.log_weights.extend(logits.map(|a| a - total));
        work.scales.clear();
        work.scales.extend(self.factors.log_scales.slice().iter().map(|&s| num_traits::Float::exp(s)));
    }

    /// `δ = −Σ_k r_k L_kᵀ y_k`, after [`expect`](Self::expect).
    pub(super) fn write_score(
        &self,
        rows: usize,
        mut delta: ArrayViewMut2<'_, F>,
        work: &mut Workspace<F>,
    ) -> Result<()> {
        let columns = self.columns();
        check::shape("delta", (rows, columns), delta.dim())?;
        check::slice_mut("delta", &mut delta)?.fill(F::zero());
        for k in 0..self.components() {
            self.weigh(k, rows, work);
            let size = rows * columns;
            let weighted = &mut work.weighted[..size];
            let scales = work.scales.get(k * columns..(k + 1) * columns).unwrap_or(&[]);
            if self.factors.kind.has_scales() {
                run_vectorized(&ScaleInPlace(scales), &mut *weighted);
            }
            let weighted = view(weighted, rows, columns)?;
            match self.factors.matrix(k) {
                None => delta -= &weighted,
                Some(matrix) => gemm(-F::one(), weighted, matrix.weight(), Add::Yes, delta.view_mut())?,
            }
        }
        Ok(())
    }

    /// `work.weighted ← r_k y_k`.
    fn weigh(&self, k: usize, rows: usize, work: &mut Workspace<F>) {
        let columns = self.columns();
        let size = rows * columns;
        grow(&mut work.weighted, size);
        let (weighted, codes) = (&mut work.weighted[..size], &work.codes[k * size..(k + 1) * size]);
        let posterior = &work.posterior[k * rows..(k + 1) * rows];
        run_vectorized(&Weigh { columns }, (weighted, codes, posterior));
    }

    /// Adds the gradients of `Σ_rows log p`, after [`expect`](Self::expect).
    pub(super) fn add_gradients(&self, rows: usize, grads: &mut [ParamGrad<F>], work: &mut Workspace<F>) -> Result<()> {
        let (columns, count, actual) = (self.columns(), self.components(), grads.len());
        let expected = 2 + usize::from(self.factors.kind.has_scales()) + self.factors.matrices.len();
        if actual != expected {
            return Err(LayerError::Grads { expected, actual });
        }
        let (first, rest) = grads.split_at_mut(2);
        let [logits, means] = pdmap_core::contract::exactly(first)?;
        let (scales, matrices) = rest.split_at_mut(usize::from(self.factors.kind.has_scales()));
        grow(&mut work.sums, columns);
        for k in 0..count {
            let responsible: f64 = work.posterior[k * rows..(k + 1) * rows].iter().sum();
            logits.flat_mut()?[k] += F::of(responsible - rows as f64 * work.log_weights[k].exp());
            self.weigh(k, rows, work);
            let size = rows * columns;
            work.sums[..columns].fill(F::zero());
            parallel::add_column_sums(&mut work.sums[..columns], &work.weighted[..size]);
            self.add_mean(k, &mut means.flat_mut()?[k * columns..(k + 1) * columns], work);
            if let Some(scales) = scales.first_mut() {
                let sum = &mut scales.flat_mut()?[k * columns..(k + 1) * columns];
                work.sums[..columns].fill(F::zero());
                let codes = &work.codes[k * size..(k + 1) * size];
                parallel::add_column_products(&mut work.sums[..columns], &work.weighted[..size], codes);
                sum.iter_mut().zip(&work.sums).for_each(|(sum, &square)| *sum += F::of(responsible) - square);
            }
            if let Some(grad) = self.factors.index(k).and_then(|index| matrices.get_mut(index)) {
                self.add_factor(k, rows, responsible, grad, work)?;
            }
        }
        Ok(())
    }

    /// `sum ← sum + L_kᵀ Σ_n r y`, with `Σ_n r y` in `work.sums`.
    fn add_mean(&self, k: usize, sum: &mut [F], work: &mut Workspace<F>) {
        let columns = self.columns();
        let code = &mut work.sums[..columns];
        if let Some(scales) = work.scales.get(k * columns..(k + 1) * columns) {
            code.iter_mut().zip(scales).for_each(|(code, &scale)| *code *= scale);
        }
        match self.factors.matrix(k) {
            None => parallel::add(sum, code),
            Some(matrix) => {
                for (row, &code) in matrix.weight().rows().into_iter().zip(&*code) {
                    sum.iter_mut().zip(row).for_each(|(sum, &entry)| *sum += code * entry);
                }
            }
        }
    }

    /// Adds what the direction of a matrix is made from: for `L_k` in GL(D)
    /// `−Σ_n r y yᵀ + (Σ_n r − N) I`, and for `O_k` in O(D), where the identity does not matter,
    /// `Σ_n δ uᵀ` with `u = O_k (z − μ_k)` and `δ = −r s_k y`.
    fn add_factor(
        &self,
        k: usize,
        rows: usize,
        responsible: f64,
        grad: &mut ParamGrad<F>,
        work: &mut Workspace<F>,
    ) -> Result<()> {
        let columns = self.columns();
        let size = rows * columns;
        let sum = grad.outer_mut()?;
        if self.factors.kind == FactorKind::Orthonormal {
            let weighted = &mut work.weighted[..size];
            run_vectorized(&ScaleInPlace(&work.scales[k * columns..(k + 1) * columns]), &mut *weighted);
            weighted.iter_mut().for_each(|value| *value = -*value);
            let turned = &work.turned[k * size..(k + 1) * size];
            return sum.add(view(weighted, rows, columns)?, view(turned, rows, columns)?, None);
        }
        // A tied factor has one sum over all components, whose posteriors sum to 1: its rows count once.
        let (counted, identity) = match self.factors.kind {
            FactorKind::Tied if k > 0 => (0, responsible),
            _ => (rows, responsible - rows as f64),
        };
        grow(&mut work.square, columns * columns);
        let (weighted, codes) = (&work.weighted[..size], &work.codes[k * size..(k + 1) * size]);
        let (weighted, codes) = (view(weighted, rows, columns)?, view(codes, rows, columns)?);
        let square = &mut work.square[..columns * columns];
        gemm(-F::one(), weighted.t(), codes, Add::No, view_mut(square, columns, columns)?)?;
        square.iter_mut().step_by(columns + 1).for_each(|entry| *entry += F::of(identity));
        sum.add_sum(counted, square)
    }
}

fn view<F>(data: &[F], rows: usize, columns: usize) -> Result<ArrayView2<'_, F>> {
    let actual = data.len();
    ArrayView2::from_shape((rows, columns), data).map_err(|_| unfit(rows, columns, actual))
}

fn view_mut<F>(data: &mut [F], rows: usize, columns: usize) -> Result<ArrayViewMut2<'_, F>> {
    let actual = data.len();
    ArrayViewMut2::from_shape((rows, columns), data).map_err(|_| unfit(rows, columns, actual))
}

fn unfit(rows: usize, columns: usize, actual: usize) -> LayerError {
    LayerError::Shape { what: "memory of a mixture", expected: vec![rows, columns], actual: vec![actual] }
}

/// `y ← x − μ` for each row.
struct Subtract<'m, F>(&'m [F]);

impl<'a, F: Real> Pass<(&'a mut [F], &'a [F])> for Subtract<'_, F> {
    #[inline(always)]
    fn run(&self, (y, x): (&'a mut [F], &'a [F])) {
        for (y, x) in y.chunks_exact_mut(self.0.len()).zip(x.chunks_exact(self.0.len())) {
            y.iter_mut().zip(x).zip(self.0).for_each(|((y, &x), &mean)| *y = x - mean);
        }
    }
}

/// `y ← s x` for each row.
struct Scale<'s, F>(&'s [F]);

impl<'a, F: Real> Pass<(&'a mut [F], &'a [F])> for Scale<'_, F> {
    #[inline(always)]
    fn run(&self, (y, x): (&'a mut [F], &'a [F])) {
        for (y, x) in y.chunks_exact_mut(self.0.len()).zip(x.chunks_exact(self.0.len())) {
            y.iter_mut().zip(x).zip(self.0).for_each(|((y, &x), &scale)| *y = scale * x);
        }
    }
}

/// `y ← s y` for each row.
struct ScaleInPlace<'s, F>(&'s [F]);

impl<'a, F: Real> Pass<&'a mut [F]> for ScaleInPlace<'_, F> {
    #[inline(always)]
    fn run(&self, y: &'a mut [F]) {
        for y in y.chunks_exact_mut(self.0.len()) {
            y.iter_mut().zip(self.0).for_each(|(y, &scale)| *y *= scale);
        }
    }
}

/// `constant − ½‖y‖²` of each row.
struct Squares {
    columns: usize,
    constant: f64,
}

impl<'a, F: Real> Pass<(&'a mut [f64], &'a [F])> for Squares {
    #[inline(always)]
    fn run(&self, (out, y): (&'a mut [f64], &'a [F])) {
        for (out, y) in out.iter_mut().zip(y.chunks_exact(self.columns)) {
            *out = self.constant - 0.5 * parallel::lane_sum(y, |y| y * y);
        }
    }
}

/// `w ← r y` for each row.
struct Weigh {
    columns: usize,
}

impl<'a, F: Real> Pass<(&'a mut [F], &'a [F], &'a [f64])> for Weigh {
    #[inline(always)]
    fn run(&self, (out, y, posterior): (&'a mut [F], &'a [F], &'a [f64])) {
        let rows = out.chunks_exact_mut(self.columns).zip(y.chunks_exact(self.columns));
        for ((out, y), &share) in rows.zip(posterior) {
            let share = F::of(share);
            out.iter_mut().zip(y).for_each(|(out, &y)| *out = share * y);
        }
    }
}
