//! The main loop.

use ndarray::Array2;
use pdmap_core::optim::{Lbfgs, product};
use pdmap_core::{LayerError, Result};

use super::curvature::{Curvature, Source};
use super::density::SourceDensity;
use super::doubt::{contrast, doubtful, non_normality};
use super::moments::{Moments, Rows};
use super::options::{Constraint, IcaOptions};
use super::solution::{End, Iteration, Solution};
use super::turn::Unmixing;

/// Most halvings of a step.
const HALVINGS: usize = 12;

/// Roundings of the likelihood, relative to its size, within which two are equal.
const ROUNDINGS: f64 = 64.0;

/// The gradient at which a search is within the sampling error of its N rows, in multiples of `1/√N`: at the
/// solution for a part, the gradient over all rows is about this large.
const ENOUGH: f64 = 0.1;

/// The gradient that is within the sampling error of rows.
pub(super) fn enough<E: From<LayerError>>(rows: &Rows<'_, '_, E>) -> f64 {
    ENOUGH / (rows.count() as f64).sqrt()
}

pub(super) struct Search<'s, 'p, 'a, E> {
    rows: &'s mut Rows<'p, 'a, E>,
    options: &'s IcaOptions,
    passes: usize,
    /// Signs that do not follow the rows.
    held: Vec<Option<f64>>,
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
    pub(super) fn new(rows: &'s mut Rows<'p, 'a, E>, options: &'s IcaOptions) -> Self {
        let held = vec![None; rows.columns()];
        Self { rows, options, passes: 0, held, memory: Lbfgs::new(options.memory), record: vec![] }
    }

    /// The main loop.
    pub(super) fn run(mut self, start: Array2<f64>) -> Result<Solution, E> {
        let tolerance = self.options.tolerance;
        let rough = tolerance.max(enough(self.rows));
        let start = self.at(Unmixing::new(start)?, None)?;
        let (mut at, _) = self.climb(start, rough, self.options.iterations)?;
        let left = self.options.iterations - self.record.len();
        for sign in [1.0, -1.0] {
            at = self.with_sign(at, sign, rough)?;
        }
        let (at, end) = self.climb(at, tolerance, left)?;
        self.log(&at);
        Ok(Solution { unmixing: at.unmixing.matrix, signs: at.signs, record: self.record, end })
    }

    /// At most so many steps to a gradient of `tolerance`.
    fn climb(&mut self, mut at: Point, tolerance: f64, iterations: usize) -> Result<(Point, End), E> {
        let most = self.record.len() + iterations;
        while at.criterion > tolerance {
            if self.record.len() >= most {
                return Ok((at, End::OutOfIterations));
            }
            self.log(&at);
            match self.step(&at)? {
                Some(next) => at = next,
                None => return Ok((at, End::Stalled)),
            }
        }
        Ok((at, End::Converged))
    }

    /// A way out of an optimum of wrong signs on O(D): sources that are not told from normal ones are turned
    /// among themselves at random, and all have the given sign until the search has converged; then each has
    /// its own again. What is farther from normal is kept.
    fn with_sign(&mut self, at: Point, sign: f64, tolerance: f64) -> Result<Point, E> {
        let doubtful = doubtful(&at.moments, self.rows.count());
        let others = doubtful.iter().any(|&source| at.signs[source] != sign);
        let tried = self.options.density == SourceDensity::Adaptive
            && self.options.constraint == Constraint::Orthonormal
            && doubtful.len() > 1
            && others;
        if !tried {
            return Ok(at);
        }
        doubtful.iter().for_each(|&source| self.held[source] = Some(sign));
        self.memory.clear();
        let turned = self.at(at.unmixing.turned(&doubtful)?, None)?;
        let (Point { unmixing, moments, .. }, _) = self.climb(turned, tolerance, self.options.iterations)?;
        self.held.fill(None);
        self.memory.clear();
        let signs = self.signs(&moments);
        let (found, _) = self.climb(self.point(unmixing, moments, signs), tolerance, self.options.iterations)?;
        self.memory.clear();
        let distance = |of: &Point| non_normality(&of.moments, &of.signs);
        Ok(if distance(&found) > distance(&at) { found } else { at })
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
            let own =
                if self.options.density != SourceDensity::Adaptive || contrast(moments, i) >= 0.0 { 1.0 } else { -1.0 };
            self.held[i].unwrap_or(own)
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
}

/// The numbers of a matrix, row after row.
fn flat(matrix: &Array2<f64>) -> &[f64] {
    matrix.as_slice().unwrap_or_default()
}
