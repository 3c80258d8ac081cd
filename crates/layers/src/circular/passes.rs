//! Circular splines on numbers with parameters of their own.
//!
//! A map of the circle is a map of the line with `f(x + 1) = f(x) + 1`. With `r = x − s` brought to
//! `[−½, ½)` by a whole number `n`, and a spline `S` of `[−½, ½]` onto itself whose slopes at both
//! ends are the same, `f(x) = n + s + S(r)` is one, with a continuous slope everywhere.

use pdmap_core::parallel::{Pass, run_vectorized};
use pdmap_core::{Real, kernel};

use super::options::MOST_BINS;
use crate::spline::{Bin, FIELDS, Form, LANES, Lanes, Tails, inverse, load, store};

/// Splines of `width` angles a row. Parameters are `[rows, parameters·width]`: first parameter 0 of
/// all angles, then parameter 1, and so on; the last is the shift.
#[derive(Debug, Clone, Copy)]
pub(super) struct Splines {
    pub(super) bins: usize,
    pub(super) width: usize,
}

/// `y` from `x`, and `log f'` of each number.
pub(super) struct Forward<'a, F> {
    pub(super) x: &'a [F],
    pub(super) parameters: &'a [F],
    pub(super) y: &'a mut [F],
    pub(super) log_slopes: &'a mut [F],
}

/// Replaces `δ` at `y` by that at `x`, and the parameters by their gradients.
pub(super) struct Backward<'a, F> {
    pub(super) x: &'a [F],
    pub(super) delta: &'a mut [F],
    pub(super) parameters: &'a mut [F],
}

struct ForwardSplines(Splines);

struct BackwardSplines(Splines);

kernel!(ForwardSplines, Forward<'a, F>, |this, given| run_vectorized(&this.0, given));
kernel!(BackwardSplines, Backward<'a, F>, |this, given| run_vectorized(&this.0, given));

/// Memory for one block of splines: parameters and bins.
type Block<F> = ([Lanes<F>; 3 * MOST_BINS + 1], [Lanes<F>; FIELDS * MOST_BINS]);

#[inline(always)]
fn block<F: Real>() -> Block<F> {
    ([[F::zero(); LANES]; 3 * MOST_BINS + 1], [[F::zero(); LANES]; FIELDS * MOST_BINS])
}

/// `(n, r)`: whole turns, and the rest in `[−½, ½)`.
#[inline(always)]
fn turns<F: Real>(x: F) -> (F, F) {
    let n = num_traits::Float::floor(x + F::of(0.5));
    (n, x - n)
}

impl Splines {
    fn form(self) -> Form {
        Form { bins: self.bins, tails: Tails::Linear }
    }

    pub(super) fn forward<F: Real>(self, given: Forward<'_, F>) {
        F::run(&ForwardSplines(self), given);
    }

    pub(super) fn backward<F: Real>(self, given: Backward<'_, F>) {
        F::run(&BackwardSplines(self), given);
    }

    /// `x` from `y`, and `log f'` at `x`, of each number.
    pub(super) fn inverse<F: Real>(self, y: &[F], parameters: &[F], x: &mut [F], log_slopes: &mut [f64]) {
        let form = self.form();
        let (mut raw, mut table) = block::<F>();
        let (raw, table) = (&mut raw[..form.size()], &mut table[..form.table()]);
        for first in (0..y.len()).step_by(LANES) {
            let shift = self.fill(parameters, first, y.len(), raw, table);
            for (lane, number) in (first..y.len().min(first + LANES)).enumerate() {
                let (n, r) = turns(y[number] - shift[lane]);
                let (value, log_slope) = inverse(table, lane, r);
                x[number] = n + shift[lane] + F::of(value);
                log_slopes[number] = log_slope;
            }
        }
    }

    /// Index of parameter `index` of a number.
    #[inline(always)]
    fn place(self, number: usize, index: usize, count: usize) -> usize {
        (number / self.width * count + index) * self.width + number % self.width
    }

    /// The bins of some numbers, and their shifts.
    #[inline(always)]
    fn fill<F: Real>(
        self,
        parameters: &[F],
        first: usize,
        end: usize,
        raw: &mut [Lanes<F>],
        table: &mut [Lanes<F>],
    ) -> Lanes<F> {
        let count = raw.len();
        for (index, lanes) in raw.iter_mut().enumerate() {
            for (lane, number) in (first..end.min(first + LANES)).enumerate() {
                lanes[lane] = parameters[self.place(number, index, count)];
            }
        }
        // The slope at the last knot is that at the first.
        let shift = raw[count - 1];
        raw[count - 1] = raw[2 * self.bins];
        self.form().bins_of(raw, &[F::of(0.5); LANES], table);
        shift
    }
}

impl<'a, F: Real> Pass<Forward<'a, F>> for Splines {
    #[inline(always)]
    fn run(&self, given: Forward<'a, F>) {
        let Forward { x, parameters, y, log_slopes } = given;
        let form = self.form();
        let (mut raw, mut table) = block::<F>();
        let (raw, table) = (&mut raw[..form.size()], &mut table[..form.table()]);
        for first in (0..x.len()).step_by(LANES) {
            let shift = self.fill(parameters, first, x.len(), raw, table);
            let range = first..x.len().min(first + LANES);
            let (mut whole, mut rest) = ([F::zero(); LANES], load(&x[range.clone()]));
            for lane in 0..LANES {
                (whole[lane], rest[lane]) = turns(rest[lane] - shift[lane]);
            }
            let (mut values, slopes) = Bin::of(table, &rest).values_and_log_slopes(&rest);
            for lane in 0..LANES {
                values[lane] = whole[lane] + shift[lane] + values[lane];
            }
            store(&mut y[range.clone()], &values);
            store(&mut log_slopes[range], &slopes);
        }
    }
}

impl<'a, F: Real> Pass<Backward<'a, F>> for Splines {
    #[inline(always)]
    fn run(&self, given: Backward<'a, F>) {
        let Backward { x, delta, parameters } = given;
        let form = self.form();
        let count = form.size();
        let (mut raw, mut table) = block::<F>();
        let (raw, table) = (&mut raw[..count], &mut table[..form.table()]);
        let mut sums = [[F::zero(); LANES]; FIELDS * MOST_BINS];
        let sums = &mut sums[..form.table()];
        for first in (0..x.len()).step_by(LANES) {
            let shift = self.fill(parameters, first, x.len(), raw, table);
            let range = first..x.len().min(first + LANES);
            let mut rest = load(&x[range.clone()]);
            for lane in 0..LANES {
                rest[lane] = turns(rest[lane] - shift[lane]).1;
            }
            let dy = load(&delta[range.clone()]);
            let bin = Bin::of(table, &rest);
            let (dx, by) = bin.gradients(&rest, &dy);
            sums.fill([F::zero(); LANES]);
            bin.add(table, &by, sums);
            form.gradient_of(table, &[F::of(0.5); LANES], sums, raw, &mut [F::zero(); LANES]);
            // The first slope is the last one, too; and f(x) = n + s + S(x − n − s).
            let last = raw[count - 1];
            for lane in 0..LANES {
                raw[2 * self.bins][lane] += last[lane];
                raw[count - 1][lane] = dy[lane] - dx[lane];
            }
            store(&mut delta[range.clone()], &dx);
            for (index, lanes) in raw.iter().enumerate() {
                for (lane, number) in range.clone().enumerate() {
                    parameters[self.place(number, index, count)] = lanes[lane];
                }
            }
        }
    }
}
