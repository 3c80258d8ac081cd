//! The splines of all features of a row, ready for use: bins in blocks of lanes, and the passes over rows.

use ndarray::{ArrayView2, ArrayViewMut2, Axis};
use rayon::prelude::*;

use super::rational::{Bin, LANES, Lanes, inverse};
use super::raw::Form;
use crate::parallel::{ALONE, GRAIN, Pass};
use crate::{Real, Result, check};

/// Bins of the splines of a row: for each block of [`LANES`] features `6·K` lanes. What lies beyond the last feature are splines that nobody reads.
#[derive(Debug, Clone)]
pub(crate) struct Table<F> {
    form: Form,
    features: usize,
    bins: Vec<Lanes<F>>,
}

impl<F: Real> Table<F> {
    /// Room for the splines of `features` numbers.
    pub(crate) fn new(form: Form, features: usize) -> Self {
        let blocks = features.div_ceil(LANES);
        Self { form, features, bins: vec![[F::zero(); LANES]; blocks * form.table()] }
    }

    /// Makes the bins of the splines whose parameter `index` for `feature` is `raw(index, feature)`.
    pub(crate) fn fill(
        &mut self,
        raw: impl Fn(usize, usize) -> F,
        bound: impl Fn(usize) -> F,
        scratch: &mut Vec<F>,
    ) {
        let (form, last) = (self.form, self.features - 1);
        let scratch = lanes_of(scratch, form.size());
        for (block, bins) in self.bins.chunks_exact_mut(form.table()).enumerate() {
            // Lanes beyond the last feature repeat it.
            let feature = |lane: usize| (block * LANES + lane).min(last);
            for (index, lanes) in scratch.iter_mut().enumerate() {
                *lanes = std::array::from_fn(|lane| raw(index, feature(lane)));
            }
            let bound: Lanes<F> = std::array::from_fn(|lane| bound(feature(lane)));
            F::spline_fill(form, scratch, &bound, bins);
        }
    }

    /// Lanes that sums over rows of gradients by the bins take.
    pub(crate) fn sums(&self) -> usize {
        self.bins.len()
    }

    /// Turns sums by bins into gradients by parameters: calls `add(index, feature, gradient)`, and `add(size, feature, gradient)` for the bound.
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
            F::spline_chain(form, bins, &bound, sums, scratch);
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
            None if alone => F::spline_forward(self, x, y, None),
            None => y
                .par_chunks_mut(task)
                .zip(x.par_chunks(task))
                .for_each(|(y, x)| F::spline_forward(self, x, y, None)),
            Some(log_det) if alone => F::spline_forward(self, x, y, Some(log_det)),
            Some(log_det) => y
                .par_chunks_mut(task)
                .zip(x.par_chunks(task).zip(log_det.par_chunks_mut(task / self.features)))
                .for_each(|(y, (x, log_det))| F::spline_forward(self, x, y, Some(log_det))),
        }
    }

    /// `x` of each row, and `Σ log y'` there subtracted from `log_det`.
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

    /// Writes `∂/∂x` of `dy·y + Σ log y'` where that is asked for, and adds the gradients by the bins to `sums`. Threads share the features, so that
    /// each sum runs over the rows in their order.
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
            return F::spline_backward(table, bins, part);
        }
        let at = blocks / 2;
        let Columns { x, dy, dx, sums } = part;
        let column = at * LANES;
        let ((x_0, x_1), (dy_0, dy_1)) = (x.split_at(Axis(1), column), dy.split_at(Axis(1), column));
        let (dx_0, dx_1) = dx.map(|dx| dx.split_at(Axis(1), column)).unzip();
        let ((bins_0, bins_1), (sums_0, sums_1)) = (bins.split_at(at * table), sums.split_at_mut(at * table));
        rayon::join(
            || self.columns(bins_0, Columns { x: x_0, dy: dy_0, dx: dx_0, sums: sums_0 }, threads / 2),
            || {
                self.columns(
                    bins_1,
                    Columns { x: x_1, dy: dy_1, dx: dx_1, sums: sums_1 },
                    threads - threads / 2,
                )
            },
        );
    }

    /// Each block's bins with its numbers in a row; `columns` are the block's features.
    #[inline(always)]
    fn blocks(&self) -> impl Iterator<Item = (&[Lanes<F>], std::ops::Range<usize>)> {
        self.bins
            .chunks_exact(self.form.table())
            .enumerate()
            .map(|(block, bins)| (bins, block * LANES..((block + 1) * LANES).min(self.features)))
    }
}

/// The first `count` lanes of a buffer that grows where it is too small.
pub(crate) fn lanes_of<F: Real>(buffer: &mut Vec<F>, count: usize) -> &mut [Lanes<F>] {
    if buffer.len() < count * LANES {
        buffer.resize(count * LANES, F::zero());
    }
    &mut buffer.as_chunks_mut().0[..count]
}

/// A block's numbers of one row, the rest 0.
#[inline(always)]
pub(crate) fn load<F: Real>(from: &[F]) -> Lanes<F> {
    match <&Lanes<F>>::try_from(from) {
        Ok(lanes) => *lanes,
        Err(_) => {
            let mut lanes = [F::zero(); LANES];
            lanes.iter_mut().zip(from).for_each(|(lane, &value)| *lane = value);
            lanes
        }
    }
}

#[inline(always)]
pub(crate) fn store<F: Real>(to: &mut [F], lanes: &Lanes<F>) {
    match <&mut Lanes<F>>::try_from(&mut *to) {
        Ok(to) => *to = *lanes,
        Err(_) => to.iter_mut().zip(lanes).for_each(|(to, &lane)| *to = lane),
    }
}

/// Parameters, bound, bins.
pub(crate) struct Fill(pub(crate) Form);

impl<'a, F: Real> Pass<(&'a [Lanes<F>], &'a Lanes<F>, &'a mut [Lanes<F>])> for Fill {
    #[inline(always)]
    fn run(&self, (raw, bound, bins): (&'a [Lanes<F>], &'a Lanes<F>, &'a mut [Lanes<F>])) {
        self.0.bins_of(raw, bound, bins);
    }
}

/// Bins, bound, gradients by bins, gradients by parameters and bound.
pub(crate) struct Chain(pub(crate) Form);

impl<'a, F: Real> Pass<(&'a [Lanes<F>], &'a Lanes<F>, &'a mut [Lanes<F>], &'a mut [Lanes<F>])> for Chain {
    #[inline(always)]
    fn run(
        &self,
        (bins, bound, sums, by): (&'a [Lanes<F>], &'a Lanes<F>, &'a mut [Lanes<F>], &'a mut [Lanes<F>]),
    ) {
        let (by_raw, by_bound) = by.split_at_mut(self.0.size());
        self.0.gradient_of(bins, bound, sums, by_raw, &mut by_bound[0]);
    }
}

impl<'a, F: Real> Pass<(&'a [F], &'a mut [F])> for Table<F> {
    #[inline(always)]
    fn run(&self, (x, y): (&'a [F], &'a mut [F])) {
        for (bins, columns) in self.blocks() {
            for (x, y) in x.chunks_exact(self.features).zip(y.chunks_exact_mut(self.features)) {
                let x = load(&x[columns.clone()]);
                store(&mut y[columns.clone()], &Bin::of(bins, &x).values(&x));
            }
        }
    }
}

impl<'a, F: Real> Pass<(&'a [F], &'a mut [F], &'a mut [f64])> for Table<F> {
    #[inline(always)]
    fn run(&self, (x, y, log_det): (&'a [F], &'a mut [F], &'a mut [f64])) {
        for (bins, columns) in self.blocks() {
            let rows = x.chunks_exact(self.features).zip(y.chunks_exact_mut(self.features));
            for ((x, y), log_det) in rows.zip(&mut *log_det) {
                let x = load(&x[columns.clone()]);
                let (values, log_slopes) = Bin::of(bins, &x).values_and_log_slopes(&x);
                store(&mut y[columns.clone()], &values);
                *log_det += log_slopes.iter().take(columns.len()).map(|v| v.f64()).sum::<f64>();
            }
        }
    }
}

/// Some blocks of columns.
pub(crate) struct Columns<'a, F> {
    x: ArrayView2<'a, F>,
    dy: ArrayView2<'a, F>,
    dx: Option<ArrayViewMut2<'a, F>>,
    sums: &'a mut [Lanes<F>],
}

/// The backward pass over them; `table` is the lanes of one block's bins.
pub(crate) struct Differentiate {
    pub(crate) table: usize,
}

impl<'a, F: Real> Pass<(&'a [Lanes<F>], Columns<'a, F>)> for Differentiate {
    #[inline(always)]
    fn run(&self, (bins, part): (&'a [Lanes<F>], Columns<'a, F>)) {
        let Columns { x, dy, mut dx, sums } = part;
        let width = x.ncols();
        for (block, (bins, sums)) in
            bins.chunks_exact(self.table).zip(sums.chunks_exact_mut(self.table)).enumerate()
        {
            let columns = block * LANES..((block + 1) * LANES).min(width);
            for row in 0..x.nrows() {
                let (x, dy) = (x.row(row), dy.row(row));
                let (Some(x), Some(dy)) = (x.as_slice(), dy.as_slice()) else { continue };
                let (x, dy) = (load(&x[columns.clone()]), load(&dy[columns.clone()]));
                let bin = Bin::of(bins, &x);
                let (by_x, by) = bin.gradients(&x, &dy);
                bin.add(bins, &by, sums);
                if let Some(dx) = dx.as_mut()
                    && let Some(dx) = dx.row_mut(row).as_slice_mut()
                {
                    store(&mut dx[columns.clone()], &by_x);
                }
            }
        }
    }
}
