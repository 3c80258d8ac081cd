//! The main loop.

use ndarray::{Array2, ArrayView2};
use pdmap_core::optim::{Lbfgs, product};
use pdmap_core::parallel::in_pool;
use pdmap_core::{LayerError, Result, check};

use super::curvature::{Curvature, Source};
use super::density::SourceDensity;
use super::moments::{Moments, Passes, Rows};
use super::options::{Constraint, IcaOptions};
use super::sample::spread;
use super::turn::Unmixing;

/// Most halvings of a step.
const HALVINGS: usize = 12;

/// Roundings of the likelihood, relative to its size, within which two are equal.
const ROUNDINGS: f64 = 64.0;

/// How a search ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The relative gradient is within the tolerance.
    Converged,
    /// No iterations are left.
    OutOfIterations,
    /// No step along the gradient raises the likelihood any more: the rounding of the rows is reached.
    Stalled,
}

/// The state before an iteration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Iteration {
    /// `L(W)`, in nats a row.
    pub log_likelihood: f64,
    /// The largest entry of the relative gradient, or on O(D) of its skew part.
    pub criterion: f64,
    /// The number of rows that both are measured on: a search starts on a part of many rows.
    pub rows: usize,
    /// Passes over all rows so far.
    pub passes: usize,
}

/// An unmixing matrix and how it was found.
#[derive(Debug, Clone)]
pub struct Solution {
    /// `W`, `[D, D]`: the sources of a row are `y = W x`.
    pub unmixing: Array2<f64>,
    /// 1 for each source that is taken as super-Gaussian, −1 for a sub-Gaussian one.
    pub signs: Vec<f64>,
    /// The states before all iterations, and at the end.
    pub record: Vec<Iteration>,
    /// How it ended.
    pub end: End,
}

impl Solution {
    /// The state at the end.
    pub fn last(&self) -> Iteration {
        let none = Iteration { log_likelihood: f64::NAN, criterion: f64::NAN, rows: 0, passes: 0 };
        self.record.last().copied().unwrap_or(none)
    }
}

/// Maximizes the likelihood of rows `[rows, D]` of mean 0 over unmixing matrices, from `start`. On
/// O(D) the rows have to be white and the start orthonormal, as after
/// [`Whitening`](pdmap_layers::preprocess::Whitening).
///
/// ```
/// use ndarray::{Array2, array};
/// use pdmap_dense::ica::{IcaOptions, End, solve};
///
/// # fn main() -> pdmap_core::Result<()> {
/// // Two sources, uniform and of two values with noise, mixed.
/// let source = |row: usize, k: usize| ((row * (7 + 12 * k) + row * row * 3) % 1009) as f64 / 504.0 - 1.0;
/// let x = Array2::from_shape_fn((1009, 2), |(row, j)| {
///     let (a, b) = (source(row, 0), source(row, 1));
///     if j == 0 { a + 0.5 * b } else { 0.3 * a - b }
/// });
/// let solution = solve(x.view(), Array2::eye(2).view(), &IcaOptions::default())?;
/// assert_eq!(solution.end, End::Converged);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// No rows; numbers that are not finite; a start of another size, or singular.
pub fn solve(rows: ArrayView2<'_, f64>, start: ArrayView2<'_, f64>, options: &IcaOptions) -> Result<Solution> {
    let rows = rows.as_standard_layout();
    in_pool(rows.len(), || solve_in_passes(&mut |visit| visit(rows.view()), start, options))
}

/// Like [`solve`], for rows that are delivered in blocks by repeated passes, such as over a file.
/// Results depend on the blocks up to rounding.
///
/// On many rows the search starts on parts of them, evenly spread, of which each is four times as
/// large as the one before: the matrix that a part gives is within its sampling error of that of all
/// rows, which then takes a few passes.
///
/// # Errors
/// As [`solve`]; those of the passes.
pub fn solve_in_passes<E: From<LayerError>>(
    passes: &mut Passes<'_, E>,
    start: ArrayView2<'_, f64>,
    options: &IcaOptions,
) -> Result<Solution, E> {
    options.validate()?;
    let columns = start.nrows();
    check::shape("start of the unmixing matrix", (columns, columns), start.dim())?;
    let (rows, sample) = Rows::new(passes, columns, options.density, SAMPLE)?;
    let (mut start, mut record) = (start.to_owned(), vec![]);
    for count in parts(rows.count(), sample.nrows(), columns) {
        let part = spread(&sample, count);
        let enough = options.tolerance.max(ENOUGH / (count as f64).sqrt());
        let options = IcaOptions { tolerance: enough, ..*options };
        let visit: &mut Passes<'_> = &mut |visit| visit(part.view());
        let (rows, _) = Rows::new(visit, columns, options.density, 0)?;
        let found = Search::new(rows, &options).run(start)?;
        (start, record) = (found.unmixing, [record, found.record].concat());
    }
    let found = Search::new(rows, options).run(start)?;
    record.iter_mut().for_each(|at: &mut Iteration| at.passes = 0);
    Ok(Solution { record: [record, found.record].concat(), ..found })
}

/// The gradient, in multiples of `1/√N`, at which the search on a part of `N` rows ends: about as far
/// from 0 is that of all rows at the solution of the part.
const ENOUGH: f64 = 0.1;

/// Least rows of a part, and least rows for each column.
const LEAST_PART: usize = 1024;
const LEAST_PER_COLUMN: usize = 32;

/// Numbers of the rows that parts are taken from.
const SAMPLE: usize = 1 << 21;

/// Ratio of the rows of one part and the next.
const GROWTH: usize = 4;

/// The numbers of rows of the parts on which a search starts, ascending.
fn parts(all: usize, sampled: usize, columns: usize) -> impl Iterator<Item = usize> {
    let least = LEAST_PART.max(LEAST_PER_COLUMN.saturating_mul(columns));
    let most = sampled.min(all / GROWTH);
    std::iter::successors(Some(least), |count| count.checked_mul(GROWTH)).take_while(move |&count| count <= most)
}

struct Search<'s, 'p, 'a, E> {
    rows: Rows<'p, 'a, E>,
    options: &'s IcaOptions,
    passes: usize,
    memory: Lbfgs,
    record: Vec<Iteration>,
}

/// A matrix, and all that a step from it needs.
#[derive(Debug, Clone)]
struct Point {
    unmixing: Unmixing,
    moments: Moments,
    signs: Vec<f64>,
    log_likelihood: f64,
    /// Of `−L`.
    gradient: Array2<f64>,
    criterion: f64,
}

impl<'s, 'p, 'a, E: From<LayerError>> Search<'s, 'p, 'a, E> {
    fn new(rows: Rows<'p, 'a, E>, options: &'s IcaOptions) -> Self {
        Self { rows, options, passes: 0, memory: Lbfgs::new(options.memory), record: vec![] }
    }

    /// The main loop.
    fn run(mut self, start: Array2<f64>) -> Result<Solution, E> {
        let mut at = self.at(Unmixing::new(start)?, None)?;
        for _ in 0..self.options.iterations {
            self.log(&at);
            if at.criterion <= self.options.tolerance {
                return Ok(self.finish(at, End::Converged));
            }
            match self.step(&at)? {
                Some(next) => at = next,
                None => return Ok(self.finish(at, End::Stalled)),
            }
        }
        self.log(&at);
        let end = if at.criterion <= self.options.tolerance { End::Converged } else { End::OutOfIterations };
        Ok(self.finish(at, end))
    }

    /// Measures the sources of a matrix, with the given signs or those that its moments ask for.
    fn at(&mut self, unmixing: Unmixing, signs: Option<&[f64]>) -> Result<Point, E> {
        self.passes += 1;
        let moments = self.rows.moments(unmixing.matrix.view())?;
        let signs = signs.map_or_else(|| self.signs(&moments), <[f64]>::to_vec);
        Ok(self.point(unmixing, moments, signs))
    }

    fn point(&self, unmixing: Unmixing, moments: Moments, signs: Vec<f64>) -> Point {
        let (density, q) = (self.options.density, self.options.density.quadratic());
        let energy =
            |i: usize| signs[i] * moments.energy[i] + 0.5 * q * moments.variance(i) + density.constant(signs[i]);
        let log_likelihood = unmixing.log_det - (0..signs.len()).map(energy).sum::<f64>();
        // E[ψ(y) yᵀ].
        let scores =
            Array2::from_shape_fn(moments.score.dim(), |at| signs[at.0] * moments.score[at] + q * moments.products[at]);
        let gradient = match self.options.constraint {
            Constraint::Unconstrained => scores - Array2::<f64>::eye(signs.len()),
            Constraint::Orthonormal => (&scores - &scores.t()) * 0.5,
        };
        let criterion = gradient.iter().fold(0.0, |largest: f64, g| largest.max(g.abs()));
        Point { unmixing, moments, signs, log_likelihood, gradient, criterion }
    }

    /// The signs with which the sources of these moments are stable.
    fn signs(&self, moments: &Moments) -> Vec<f64> {
        let sign = |i: usize| {
            let stable = moments.slope[i] * moments.variance(i) - moments.score[[i, i]];
            if self.options.density != SourceDensity::Adaptive || stable >= 0.0 { 1.0 } else { -1.0 }
        };
        (0..moments.energy.len()).map(sign).collect()
    }

    fn curvature(&self, at: &Point) -> Curvature {
        let q = self.options.density.quadratic();
        let source = |i: usize| {
            let (sign, variance) = (at.signs[i], at.moments.variance(i));
            Source {
                slope: sign * at.moments.slope[i] + q,
                variance,
                score: sign * at.moments.score[[i, i]] + q * variance,
                slope_square: sign * at.moments.slope_square[i] + q * variance,
            }
        };
        Curvature::new(&(0..at.signs.len()).map(source).collect::<Vec<_>>(), self.options)
    }

    /// A step that raises the likelihood: quasi-Newton, or else preconditioned only; none if there
    /// is none.
    fn step(&mut self, at: &Point) -> Result<Option<Point>, E> {
        let curvature = self.curvature(at);
        loop {
            let mut direction = self.direction(at, &curvature);
            if product(flat(&direction), flat(&at.gradient)) >= 0.0 {
                self.memory.clear();
                direction = self.direction(at, &curvature);
            }
            if let Some((next, step)) = self.along(at, direction)? {
                return Ok(Some(self.arrive(at, next, step)));
            }
            if self.memory.is_empty() {
                return Ok(None);
            }
            self.memory.clear();
        }
    }

    /// `−H⁻¹ G`, with the curvature for independent sources where no earlier step tells more.
    fn direction(&self, at: &Point, curvature: &Curvature) -> Array2<f64> {
        let found = self.memory.direction(flat(&at.gradient), |rest| curvature.solve(rest));
        Array2::from_shape_vec(at.gradient.dim(), found).unwrap_or_default()
    }

    /// The first of halved steps that raises the likelihood or, where that is rounding, lowers the
    /// gradient.
    fn along(&mut self, at: &Point, direction: Array2<f64>) -> Result<Option<(Point, Array2<f64>)>, E> {
        let equal = ROUNDINGS * f64::EPSILON * (1.0 + at.log_likelihood.abs());
        let mut step = direction;
        for _ in 0..=HALVINGS {
            // A singular matrix is a step too far.
            let moved = match at.unmixing.moved(&step, self.options.constraint) {
                Err(LayerError::Singular { .. }) => None,
                moved => Some(moved?),
            };
            if let Some(moved) = moved {
                let next = self.at(moved, Some(&at.signs))?;
                let gain = next.log_likelihood - at.log_likelihood;
                if gain > equal || (gain >= -equal && next.criterion < at.criterion) {
                    return Ok(Some((next, step)));
                }
            }
            step *= 0.5;
        }
        Ok(None)
    }

    /// Remembers a step, unless a source has changed its sign: then the likelihood is another
    /// function.
    fn arrive(&mut self, at: &Point, next: Point, step: Array2<f64>) -> Point {
        let signs = self.signs(&next.moments);
        if signs != next.signs {
            self.memory.clear();
            return self.point(next.unmixing, next.moments, signs);
        }
        let change = &next.gradient - &at.gradient;
        self.memory.push(flat(&step).to_vec(), flat(&change).to_vec());
        next
    }

    fn log(&mut self, at: &Point) {
        let Point { log_likelihood, criterion, .. } = *at;
        let (rows, passes) = (self.rows.count(), self.passes);
        self.record.push(Iteration { log_likelihood, criterion, rows, passes });
    }

    fn finish(self, at: Point, end: End) -> Solution {
        Solution { unmixing: at.unmixing.matrix, signs: at.signs, record: self.record, end }
    }
}

/// The numbers of a matrix, row after row.
fn flat(matrix: &Array2<f64>) -> &[f64] {
    matrix.as_slice().unwrap_or_default()
}
