//! The passes of splines, compiled once per scalar.

use ndarray::{ArrayView2, ArrayViewMut2};
use pdmap_core::parallel::{Pass, run_vectorized};
use pdmap_core::{Real, kernel};

use super::rational::{Bin, LANES, Lanes};
use super::raw::Form;
use super::table::{Table, load, store};

/// From parameters and bound to bins.
pub(super) struct FillBins(pub(super) Form);

kernel!(FillBins, (&'a [Lanes<F>], &'a Lanes<F>, &'a mut [Lanes<F>]), |this, given| run_vectorized(
    &Fill(this.0),
    given
));

/// From gradients with respect to bins to those with respect to parameters and bound.
pub(super) struct ChainRule(pub(super) Form);

kernel!(ChainRule, (&'a [Lanes<F>], &'a Lanes<F>, &'a mut [Lanes<F>], &'a mut [Lanes<F>]), |this, given| {
    run_vectorized(&Chain(this.0), given)
});

/// Maps rows through splines.
pub(super) struct Forward;

kernel!(Forward, (&'a Table<F>, &'a [F], &'a mut [F], Option<&'a mut [f64]>), |_this, (table, x, y, log_det)| {
    match log_det {
        None => run_vectorized(table, (x, y)),
        Some(log_det) => run_vectorized(table, (x, y, log_det)),
    }
});

/// Backpropagates through splines.
pub(super) struct Backward {
    /// Size in lanes of one block's bins.
    pub(super) table: usize,
}

kernel!(Backward, (&'a [Lanes<F>], Columns<'a, F>), |this, given| run_vectorized(
    &Differentiate { table: this.table },
    given
));

/// Parameters, bound, bins.
struct Fill(Form);

impl<'a, F: Real> Pass<(&'a [Lanes<F>], &'a Lanes<F>, &'a mut [Lanes<F>])> for Fill {
    #[inline(always)]
    fn run(&self, (raw, bound, bins): (&'a [Lanes<F>], &'a Lanes<F>, &'a mut [Lanes<F>])) {
        self.0.bins_of(raw, bound, bins);
    }
}

/// Bins, bound, gradients by bins, gradients by parameters and bound.
struct Chain(Form);

impl<'a, F: Real> Pass<(&'a [Lanes<F>], &'a Lanes<F>, &'a mut [Lanes<F>], &'a mut [Lanes<F>])> for Chain {
    #[inline(always)]
    fn run(&self, (bins, bound, sums, by): (&'a [Lanes<F>], &'a Lanes<F>, &'a mut [Lanes<F>], &'a mut [Lanes<F>])) {
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
    pub(super) x: ArrayView2<'a, F>,
    pub(super) dy: ArrayView2<'a, F>,
    pub(super) dx: Option<ArrayViewMut2<'a, F>>,
    pub(super) sums: &'a mut [Lanes<F>],
}

/// The backward pass over columns; `table` is the size in lanes of one block's bins.
struct Differentiate {
    table: usize,
}

impl<'a, F: Real> Pass<(&'a [Lanes<F>], Columns<'a, F>)> for Differentiate {
    #[inline(always)]
    fn run(&self, (bins, part): (&'a [Lanes<F>], Columns<'a, F>)) {
        let Columns { x, dy, mut dx, sums } = part;
        let width = x.ncols();
        for (block, (bins, sums)) in bins.chunks_exact(self.table).zip(sums.chunks_exact_mut(self.table)).enumerate() {
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
