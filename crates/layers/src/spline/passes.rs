//! Maps rows through splines and divides the work among threads.

use ndarray::{ArrayView2, ArrayViewMut2, Axis};
use pdmap_core::parallel::{ALONE, GRAIN};
use pdmap_core::{Real, Result, check};
use rayon::prelude::*;

use super::kernels::{Backward, ChainRule, Columns, FillBins, Forward};
use super::rational::{LANES, Lanes, inverse};
use super::table::{Table, lanes_of};

impl<F: Real> Table<F> {
    /// Computes the bins of the splines whose parameter `index` for `feature` is
    /// `raw(index, feature)`.
    pub(crate) fn fill(&mut self, raw: impl Fn(usize, usize) -> F, bound: impl Fn(usize) -> F, scratch: &mut Vec<F>) {
        let (form, last) = (self.form, self.features - 1);
        let scratch = lanes_of(scratch, form.size());
        for (block, bins) in self.bins.chunks_exact_mut(form.table()).enumerate() {
            // Lanes beyond the last feature repeat it.
            let feature = |lane: usize| (block * LANES + lane).min(last);
            for (index, lanes) in scratch.iter_mut().enumerate() {
                *lanes = std::array::from_fn(|lane| raw(index, feature(lane)));
            }
            let bound: Lanes<F> = std::array::from_fn(|lane| bound(feature(lane)));
            F::run(&FillBins(form), (scratch, &bound, bins));
        }
    }

    /// Turns sums by bins into gradients by parameters: calls `add(index, feature, gradient)`, and
    /// `add(size, feature, gradient)` for the bound.
    pub(crate) fn chain(
        &self,
        bound: impl Fn(usize) -> F,
        sums: &mut [Lanes<F>],
        scratch: &mut Vec<F>,
        mut add: impl FnMut(usize, usize, F),
    ) {
        let (form, last) = (self.form, self.features - 1);
        let scratch = lanes_of(scratch, form.size() + 1);
        let blocks = self.bins.chunks_exact(form.table()).zip(sums.chunks_exact_mut(form.table()));
        for (block, (bins, sums)) in blocks.enumerate() {
            let bound: Lanes<F> = std::array::from_fn(|lane| bound((block * LANES + lane).min(last)));
            scratch.fill([F::zero(); LANES]);
            F::run(&ChainRule(form), (bins, &bound, sums, scratch));
            for (index, lanes) in scratch.iter().enumerate() {
                for (lane, &value) in lanes.iter().enumerate().take(self.features - block * LANES) {
                    add(index, block * LANES + lane, value);
                }
            }
        }
    }

    /// `y` of each row, and `Σ log y'` added to `log_det`.
    pub(crate) fn forward(&self, x: &[F], y: &mut [F], log_det: Option<&mut [f64]>) {
        let task = (GRAIN / self.features).max(1) * self.features;
        let alone = x.len() <= ALONE;
        match log_det {
            None if alone => F::run(&Forward, (self, x, y, None)),
            None => {
                y.par_chunks_mut(task).zip(x.par_chunks(task)).for_each(|(y, x)| F::run(&Forward, (self, x, y, None)))
            }
            Some(log_det) if alone => F::run(&Forward, (self, x, y, Some(log_det))),
            Some(log_det) => y
                .par_chunks_mut(task)
                .zip(x.par_chunks(task).zip(log_det.par_chunks_mut(task / self.features)))
                .for_each(|(y, (x, log_det))| F::run(&Forward, (self, x, y, Some(log_det)))),
        }
    }

    /// `x` of each row; subtracts `Σ log y'` at `x` from `log_det`.
    pub(crate) fn inverse(&self, y: &[F], x: &mut [F], log_det: Option<&mut [f64]>) {
        let (features, table) = (self.features, self.form.table());
        let row = |(y, x): (&[F], &mut [F])| -> f64 {
            let mut sum = 0.0;
            for (feature, (x, &y)) in x.iter_mut().zip(y).enumerate() {
                let bins = &self.bins[feature / LANES * table..][..table];
                let (value, log_slope) = inverse(bins, feature % LANES, y);
                *x = F::of(value);
                sum += log_slope;
            }
            sum
        };
        match log_det {
            None => y.par_chunks(features).zip(x.par_chunks_mut(features)).for_each(|rows| {
                row(rows);
            }),
            Some(log_det) => y
                .par_chunks(features)
                .zip(x.par_chunks_mut(features))
                .zip(log_det)
                .for_each(|(rows, log_det)| *log_det -= row(rows)),
        }
    }

    /// Writes `∂/∂x` of `dy·y + Σ log y'` on request, and adds the gradients by the bins to `sums`.
    /// Threads divide the features, so that each sum runs over the rows in order.
    pub(crate) fn backward(
        &self,
        x: ArrayView2<'_, F>,
        dy: ArrayView2<'_, F>,
        dx: Option<ArrayViewMut2<'_, F>>,
        sums: &mut [Lanes<F>],
    ) -> Result<()> {
        check::slice("input", &x)?;
        check::slice("gradient of the output", &dy)?;
        let threads = if x.len() <= ALONE { 1 } else { rayon::current_num_threads() };
        self.columns(&self.bins, Columns { x, dy, dx, sums }, threads);
        Ok(())
    }

    fn columns<'a>(&self, bins: &'a [Lanes<F>], part: Columns<'a, F>, threads: usize) {
        let table = self.form.table();
        let blocks = bins.len() / table;
        if threads <= 1 || blocks <= 1 {
            return F::run(&Backward { table }, (bins, part));
        }
        let at = blocks / 2;
        let Columns { x, dy, dx, sums } = part;
        let column = at * LANES;
        let ((x_0, x_1), (dy_0, dy_1)) = (x.split_at(Axis(1), column), dy.split_at(Axis(1), column));
        let (dx_0, dx_1) = dx.map(|dx| dx.split_at(Axis(1), column)).unzip();
        let ((bins_0, bins_1), (sums_0, sums_1)) = (bins.split_at(at * table), sums.split_at_mut(at * table));
        rayon::join(
            || self.columns(bins_0, Columns { x: x_0, dy: dy_0, dx: dx_0, sums: sums_0 }, threads / 2),
            || self.columns(bins_1, Columns { x: x_1, dy: dy_1, dx: dx_1, sums: sums_1 }, threads - threads / 2),
        );
    }
}
