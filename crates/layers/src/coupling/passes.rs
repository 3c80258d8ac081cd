//! The elementwise passes of a transform over cells.

use pdmap_core::Real;
use pdmap_core::parallel::Pass;

use super::Transform;
use super::affine;
use super::transform::{MOST_BINS, form};
use crate::spline::{Bin, FIELDS, LANES, Lanes, inverse, load, store};

/// The features that change, `[rows, width]`, with their parameters, `[rows, parameters·width]`:
/// first parameter 0 of all features, then parameter 1, and so on.
pub(crate) struct Forward<'a, F> {
    pub(super) x: &'a [F],
    pub(super) parameters: &'a [F],
    pub(super) y: &'a mut [F],
    /// Overwritten with `Σ log dy/dx` of each row.
    pub(super) log_det: Option<&'a mut [F]>,
}

/// The same for the inverse.
pub(crate) struct Inverse<'a, F> {
    pub(super) y: &'a [F],
    pub(super) parameters: &'a [F],
    pub(super) x: &'a mut [F],
    pub(super) log_det: Option<&'a mut [F]>,
}

/// The same for the backward pass: replaces `δ` at `y` by that at `x`, and the parameters by their
/// gradients.
pub(crate) struct Backward<'a, F> {
    pub(super) x: &'a [F],
    pub(super) delta: &'a mut [F],
    pub(super) parameters: &'a mut [F],
}

/// A transform of rows of `width` features.
#[derive(Clone, Copy)]
pub(crate) struct Rows {
    pub(super) transform: Transform,
    pub(super) width: usize,
}

/// Numbers processed together: a block of features of a wide row, or features of several narrow
/// rows.
#[derive(Clone, Copy)]
struct Together {
    /// Index of the first number.
    first: usize,
    /// How many numbers.
    len: usize,
}

impl Together {
    /// All numbers of `rows` rows of `width` features, block by block.
    #[inline(always)]
    fn all(rows: usize, width: usize) -> impl Iterator<Item = Self> {
        // In wide rows, blocks end with the row, so that lanes are contiguous in memory.
        let (span, spans) = if width < LANES { (rows * width, 1) } else { (width, rows) };
        (0..spans).flat_map(move |index| {
            (0..span.div_ceil(LANES))
                .map(move |block| Self { first: index * span + block * LANES, len: LANES.min(span - block * LANES) })
        })
    }

    #[inline(always)]
    fn range(self) -> std::ops::Range<usize> {
        self.first..self.first + self.len
    }

    /// Index of parameter `index` of the number in `lane`.
    #[inline(always)]
    fn place(self, lane: usize, index: usize, width: usize, count: usize) -> usize {
        let number = self.first + lane;
        (number / width * count + index) * width + number % width
    }

    /// Reads the parameters of these numbers.
    #[inline(always)]
    fn load<F: Real>(self, parameters: &[F], width: usize, raw: &mut [Lanes<F>]) {
        let count = raw.len();
        for (index, lanes) in raw.iter_mut().enumerate() {
            if width < LANES {
                for (lane, to) in lanes.iter_mut().enumerate().take(self.len) {
                    *to = parameters[self.place(lane, index, width, count)];
                }
            } else {
                let at = self.place(0, index, width, count);
                *lanes = load(&parameters[at..at + self.len]);
            }
        }
    }

    /// Writes the parameters of these numbers.
    #[inline(always)]
    fn store<F: Real>(self, raw: &[Lanes<F>], width: usize, parameters: &mut [F]) {
        let count = raw.len();
        for (index, lanes) in raw.iter().enumerate() {
            if width < LANES {
                for (lane, &from) in lanes.iter().enumerate().take(self.len) {
                    parameters[self.place(lane, index, width, count)] = from;
                }
            } else {
                let at = self.place(0, index, width, count);
                store(&mut parameters[at..at + self.len], lanes);
            }
        }
    }
}

/// Memory for one block of splines: parameters and bins.
type Block<F> = ([Lanes<F>; 3 * MOST_BINS], [Lanes<F>; FIELDS * MOST_BINS]);

#[inline(always)]
fn block<F: Real>() -> Block<F> {
    ([[F::zero(); LANES]; 3 * MOST_BINS], [[F::zero(); LANES]; FIELDS * MOST_BINS])
}

impl<'a, F: Real> Pass<Forward<'a, F>> for Rows {
    #[inline(always)]
    fn run(&self, rows: Forward<'a, F>) {
        let Forward { x, parameters, y, mut log_det } = rows;
        let (width, count) = (self.width, self.transform.parameters());
        let all = x.chunks_exact(width).zip(parameters.chunks_exact(count * width)).zip(y.chunks_exact_mut(width));
        match self.transform {
            Transform::Affine { limit } => {
                for (row, ((x, parameters), y)) in all.enumerate() {
                    let sum = affine::forward(F::of(limit), x, parameters, y);
                    if let Some(log_det) = &mut log_det {
                        log_det[row] = sum;
                    }
                }
            }
            Transform::Spline { bins, bound } => {
                let (form, bound) = (form(bins), [F::of(bound); LANES]);
                let (mut raw, mut table) = block::<F>();
                let (raw, table) = (&mut raw[..form.size()], &mut table[..form.table()]);
                if let Some(log_det) = &mut log_det {
                    log_det.fill(F::zero());
                }
                for block in Together::all(x.len() / width, width) {
                    block.load(parameters, width, raw);
                    form.bins_of(raw, &bound, table);
                    let x = load(&x[block.range()]);
                    let bin = Bin::of(table, &x);
                    let (values, log_slopes) = match &log_det {
                        None => (bin.values(&x), [F::zero(); LANES]),
                        Some(_) => bin.values_and_log_slopes(&x),
                    };
                    store(&mut y[block.range()], &values);
                    if let Some(log_det) = &mut log_det {
                        let numbers = block.range().zip(&log_slopes);
                        numbers.for_each(|(number, &value)| log_det[number / width] += value);
                    }
                }
            }
        }
    }
}

impl<'a, F: Real> Pass<Inverse<'a, F>> for Rows {
    #[inline(always)]
    fn run(&self, rows: Inverse<'a, F>) {
        let Inverse { y, parameters, x, mut log_det } = rows;
        let (width, count) = (self.width, self.transform.parameters());
        if let Some(log_det) = &mut log_det {
            log_det.fill(F::zero());
        }
        let mut add = |row: usize, log_slope: f64| {
            if let Some(log_det) = &mut log_det {
                log_det[row] -= F::of(log_slope);
            }
        };
        match self.transform {
            Transform::Affine { limit } => {
                let rows = y.chunks_exact(width).zip(parameters.chunks_exact(count * width));
                for (row, ((y, parameters), x)) in rows.zip(x.chunks_exact_mut(width)).enumerate() {
                    let (raw, shift) = parameters.split_at(width);
                    for ((x, &y), (&raw, &shift)) in x.iter_mut().zip(y).zip(raw.iter().zip(shift)) {
                        let s = affine::limited(raw, F::of(limit)).0;
                        *x = (y - shift) * (-s).vector_exp();
                        add(row, s.f64());
                    }
                }
            }
            Transform::Spline { bins, bound } => {
                let (mut raw, mut table) = block::<F>();
                let (form, bound) = (form(bins), [F::of(bound); LANES]);
                let (raw, table) = (&mut raw[..form.size()], &mut table[..form.table()]);
                for block in Together::all(y.len() / width, width) {
                    block.load(parameters, width, raw);
                    form.bins_of(raw, &bound, table);
                    for (lane, number) in block.range().enumerate() {
                        let (value, log_slope) = inverse(table, lane, y[number]);
                        x[number] = F::of(value);
                        add(number / width, log_slope);
                    }
                }
            }
        }
    }
}

impl<'a, F: Real> Pass<Backward<'a, F>> for Rows {
    #[inline(always)]
    fn run(&self, rows: Backward<'a, F>) {
        let Backward { x, delta, parameters } = rows;
        let (width, count) = (self.width, self.transform.parameters());
        match self.transform {
            Transform::Affine { limit } => {
                let rows = x.chunks_exact(width).zip(delta.chunks_exact_mut(width));
                let all = rows.zip(parameters.chunks_exact_mut(count * width));
                for ((x, delta), parameters) in all {
                    affine::backward(F::of(limit), x, delta, parameters);
                }
            }
            Transform::Spline { bins, bound } => {
                let (form, bound) = (form(bins), [F::of(bound); LANES]);
                let (mut raw, mut table) = block::<F>();
                let (raw, table) = (&mut raw[..form.size()], &mut table[..form.table()]);
                let mut sums = [[F::zero(); LANES]; FIELDS * MOST_BINS];
                let sums = &mut sums[..form.table()];
                for block in Together::all(x.len() / width, width) {
                    block.load(parameters, width, raw);
                    form.bins_of(raw, &bound, table);
                    let (x, dy) = (load(&x[block.range()]), load(&delta[block.range()]));
                    let bin = Bin::of(table, &x);
                    let (dx, by) = bin.gradients(&x, &dy);
                    sums.fill([F::zero(); LANES]);
                    bin.add(table, &by, sums);
                    form.gradient_of(table, &bound, sums, raw, &mut [F::zero(); LANES]);
                    store(&mut delta[block.range()], &dx);
                    block.store(raw, width, parameters);
                }
            }
        }
    }
}
