//! The main loop.

use ndarray::ArrayView2;
use pdmap_core::optim::{Lbfgs, product};
use pdmap_core::{Flow, LayerError, Real, Training};

use super::options::QuasiNewtonConfig;
use super::place::Place;
use crate::error::TrainError;

/// How an ascent ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AscentEnd {
    /// The largest slope is within the tolerance.
    Converged,
    /// No iterations are left.
    OutOfIterations,
    /// No step along the gradient raises the likelihood any more: its rounding is reached.
    Stalled,
}

/// The state before an iteration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AscentPoint {
    /// Mean of `log p` over the rows, nats.
    pub log_likelihood: f64,
    /// The largest slope, in nats a row.
    pub slope: f64,
    /// Evaluations of the likelihood of all rows so far.
    pub evaluations: usize,
}

/// How a flow was fitted.
#[derive(Debug, Clone)]
pub struct Ascent {
    /// How it ended.
    pub end: AscentEnd,
    /// The states before all iterations, and at the end.
    pub record: Vec<AscentPoint>,
}

/// Length of the first step.
const FIRST: f64 = 0.1;

/// Length of a step at most: a rotation by about a radian.
const MOST: f64 = 1.0;

/// Most halvings of a step.
const HALVINGS: usize = 20;

/// Share of the gain that the slope promises, from which a step is taken (Armijo 1966).
const SHARE: f64 = 1e-4;

/// Roundings of the likelihood, relative to its size, within which two are equal.
const ROUNDINGS: f64 = 64.0;

/// Maximizes the mean log-likelihood of all rows by L-BFGS over the parameters of a flow, each in the
/// coordinates of its steps: a matrix of GL(D) as `(I + E) W`, one of O(D) as `cayley(A) W`, positive
/// numbers by their logarithms, others as they are. A dense layer in front of an elementwise density takes
/// up to about a hundred passes over the rows, cycled convolutions several hundred.
///
/// ```
/// use ndarray::Array2;
/// use pdmap_core::Flow;
/// use pdmap_core::flow::base::Normal;
/// use pdmap_layers::diagonal::{Scale, ScaleDirection, Shift};
/// use pdmap_train::{AscentEnd, QuasiNewtonConfig, quasi_newton};
///
/// # fn main() -> Result<(), pdmap_train::TrainError> {
/// let rows = Array2::from_shape_fn((500, 2), |(row, column)| ((row * (3 + column)) % 7) as f64 + 10.0);
/// let (scale, shift) = (Scale::new(ndarray::array![1.0, 1.0], ScaleDirection::Algebra)?, Shift::zero(2)?);
/// let mut flow = Flow::new(2, vec![Box::new(shift), Box::new(scale)], Box::new(Normal))?;
/// let ascent = quasi_newton(&mut flow, rows.view(), &QuasiNewtonConfig::default())?;
/// assert_eq!(ascent.end, AscentEnd::Converged);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// No rows; rows of another width or that are not finite; parameters whose directions are no coordinates
/// of their steps, such as matrices of GL(D) with the relative direction; options out of range. The flow
/// is unchanged then.
pub fn quasi_newton<F: Real>(
    flow: &mut Flow<F>,
    rows: ArrayView2<'_, F>,
    config: &QuasiNewtonConfig,
) -> Result<Ascent, TrainError> {
    config.check()?;
    if rows.nrows() == 0 {
        return Err(LayerError::NoRows.into());
    }
    let mut training = flow.training().with_log_det();
    let at = Place::at(flow.clone(), rows, config.batch, &mut training)?;
    let memory = Lbfgs::new(config.memory);
    let mut search = Search { rows, config, training, memory, record: vec![], evaluations: 1 };
    let (found, end) = search.run(at)?;
    *flow = found.flow;
    Ok(Ascent { end, record: search.record })
}

struct Search<'s, F: Real> {
    rows: ArrayView2<'s, F>,
    config: &'s QuasiNewtonConfig,
    training: Training<F>,
    memory: Lbfgs,
    record: Vec<AscentPoint>,
    evaluations: usize,
}

impl<F: Real> Search<'_, F> {
    fn run(&mut self, mut at: Place<F>) -> Result<(Place<F>, AscentEnd), LayerError> {
        for _ in 0..self.config.iterations {
            self.log(&at);
            if at.criterion() <= self.config.tolerance {
                return Ok((at, AscentEnd::Converged));
            }
            match self.step(&at)? {
                Some(next) => at = next,
                None => return Ok((at, AscentEnd::Stalled)),
            }
        }
        self.log(&at);
        let converged = at.criterion() <= self.config.tolerance;
        Ok((at, if converged { AscentEnd::Converged } else { AscentEnd::OutOfIterations }))
    }

    /// A step that raises the likelihood: quasi-Newton, or else along the gradient; none if there is
    /// none.
    fn step(&mut self, at: &Place<F>) -> Result<Option<Place<F>>, LayerError> {
        loop {
            if let Some(next) = self.along(at, self.direction(at))? {
                return Ok(Some(next));
            }
            if self.memory.is_empty() {
                return Ok(None);
            }
            self.memory.clear();
        }
    }

    fn direction(&self, at: &Place<F>) -> Vec<f64> {
        let length = |of: &[f64]| product(of, of).sqrt();
        let scale = self.memory.curvature().unwrap_or_else(|| length(&at.gradient) / FIRST);
        let mut direction = self.memory.direction(&at.gradient, |rest| rest.iter_mut().for_each(|g| *g /= scale));
        let size = length(&direction);
        if size > MOST {
            direction.iter_mut().for_each(|step| *step *= MOST / size);
        }
        direction
    }

    /// The first of halved steps with its share of the gain or, where gains are rounding, with smaller
    /// slopes.
    fn along(&mut self, at: &Place<F>, mut step: Vec<f64>) -> Result<Option<Place<F>>, LayerError> {
        let equal = ROUNDINGS * F::EPS * (1.0 + at.log_likelihood.abs());
        for _ in 0..=HALVINGS {
            let promised = -product(&step, &at.gradient);
            if promised <= 0.0 {
                return Ok(None);
            }
            // Likelihoods that are not finite, and steps that were shortened, are too far.
            let place = |flow| Place::at(flow, self.rows, self.config.batch, &mut self.training);
            let next = at.moved(&step)?.map(place);
            self.evaluations += 1;
            if let Some(Ok(next)) = next {
                let gain = next.log_likelihood - at.log_likelihood;
                let rounding = promised < equal && gain >= -equal && next.criterion() < at.criterion();
                if gain >= SHARE * promised.max(equal) || rounding {
                    let change = next.gradient.iter().zip(&at.gradient).map(|(new, old)| new - old).collect();
                    self.memory.push(step, change);
                    return Ok(Some(next));
                }
            }
            step.iter_mut().for_each(|step| *step *= 0.5);
        }
        Ok(None)
    }

    fn log(&mut self, at: &Place<F>) {
        let (log_likelihood, evaluations) = (at.log_likelihood, self.evaluations);
        self.record.push(AscentPoint { log_likelihood, slope: at.criterion(), evaluations });
    }
}
