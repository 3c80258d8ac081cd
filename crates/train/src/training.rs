//! The training loop.

use ndarray::{ArrayD, ArrayView2, Axis};
use pdmap_core::optim::{Clip, Optimizer, OptimizerSpec, Schedule, StepReport};
use pdmap_core::{Flow, LayerError, Real, Tensors, Training, check};
use serde::{Deserialize, Serialize};

use crate::batches::Batches;
use crate::clock::Clock;
use crate::{Budget, TrainError};

/// How a flow is trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainConfig {
    /// Rows of a minibatch.
    pub batch: usize,
    /// How long.
    pub budget: Budget,
    /// Which optimizer.
    pub optimizer: OptimizerSpec,
    /// Learning rate η.
    pub rate: f64,
    /// Learning rate over the run.
    pub schedule: Schedule,
    /// Gradient clipping.
    pub clip: Clip,
    /// Seed of the order of the rows.
    pub seed: u64,
    /// Validations over the run.
    pub evaluations: u64,
    /// Rows that a validation looks at, evenly spaced.
    pub validation_rows: usize,
    /// Validations without a new best after which training stops early.
    pub patience: Option<u64>,
}

impl TrainConfig {
    /// Adam at 1e-3 with a cosine schedule, batches of 100, 40 validations of up to 10,000 rows.
    pub fn new(budget: Budget) -> Self {
        Self {
            batch: 100,
            budget,
            optimizer: OptimizerSpec::adam(),
            rate: 1e-3,
            schedule: Schedule::cosine(),
            clip: Clip::None,
            seed: 0,
            evaluations: 40,
            validation_rows: 10_000,
            patience: None,
        }
    }
}

/// One point of a learning curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// Steps taken.
    pub step: u64,
    /// Seconds since the start, validations included.
    pub seconds: f64,
    /// Mean log-likelihood of the validation rows, nats.
    pub validation: f64,
}

/// How a run ended. Whatever it is, the flow holds the weights of the best validation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The budget was used.
    Finished,
    /// No new best for as many validations as `patience` allows.
    StoppedEarly,
    /// A loss that is not finite; the last good weights were kept.
    Diverged {
        /// The step at which it was met.
        step: u64,
        /// What was met.
        reason: String,
    },
}

/// What a run did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trained {
    /// How it ended.
    pub outcome: Outcome,
    /// Steps taken.
    pub steps: u64,
    /// Steps that the learning-rate schedule was laid out for. With this many as step budget a time-budgeted run can be repeated, but for the
    /// first steps, which were taken before the speed was known.
    pub horizon: u64,
    /// Wall-clock seconds, validations included.
    pub seconds: f64,
    /// The learning curve, from step 0.
    pub curve: Vec<CurvePoint>,
    /// Its best point: where the weights are from.
    pub best: CurvePoint,
    /// How often a step was halved to keep the sign of a determinant or of a scale.
    pub halvings: u64,
}

/// What is told about a run while it goes on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Steps taken.
    pub step: u64,
    /// Steps of the run, where known already.
    pub horizon: Option<u64>,
    /// Share of the budget that is used, from 0 to 1.
    pub share: f64,
    /// The latest validation, nats.
    pub validation: f64,
}

/// Mean of `log p` over at most `limit` rows, evenly spaced (files may be sorted), nats.
///
/// # Errors
/// Those of the flow.
pub fn mean_log_prob<F: Real>(
    flow: &Flow<F>,
    rows: ArrayView2<'_, F>,
    limit: usize,
) -> Result<f64, LayerError> {
    let (all, count) = (rows.nrows(), rows.nrows().min(limit));
    let mean = |log_prob: Vec<f64>| log_prob.iter().sum::<f64>() / count as f64;
    if count == all {
        return flow.log_prob(rows).map(mean);
    }
    let chosen: Vec<usize> =
        (0..count).map(|index| (index as u128 * all as u128 / count as u128) as usize).collect();
    flow.log_prob(&rows.select(Axis(0), &chosen)).map(mean)
}

/// Trains `flow` by maximum likelihood and leaves it with the weights of the best validation.
///
/// # Errors
/// Fewer rows than a batch, no validation rows, rows that do not fit the flow, options outside their ranges, a likelihood that is not
/// finite before the first step. A run that diverges later is no error: see [`Outcome`].
pub fn train<F: Real>(
    flow: &mut Flow<F>,
    rows: ArrayView2<'_, F>,
    validation: ArrayView2<'_, F>,
    config: &TrainConfig,
    watch: &mut dyn FnMut(Progress),
) -> Result<Trained, TrainError> {
    if config.batch == 0 || rows.nrows() < config.batch {
        return Err(TrainError::TooFewRows { expected: config.batch.max(1), actual: rows.nrows() });
    }
    if validation.nrows() == 0 {
        return Err(TrainError::NoValidation);
    }
    check::finite("training rows", rows.reborrow())?;
    check::finite("validation rows", validation.reborrow())?;
    config.schedule.validate()?;
    let mut optimizer = Optimizer::new(config.optimizer, config.rate)?.clipped(config.clip)?;
    let mut training = flow.training();
    let mut batches = Batches::new(rows, config.batch, config.seed);
    let mut clock = Clock::start(config.budget, config.evaluations);
    let mut record = Record::start(flow, validation.reborrow(), config, &mut clock)?;
    let (mut step, mut halvings, mut outcome) = (0, 0, Outcome::Finished);

    while clock.goes_on(step) {
        optimizer
            .set_rate(config.rate * config.schedule.factor(step, clock.horizon().unwrap_or(u64::MAX)))?;
        match ascend(flow, batches.draw(), &mut optimizer, &mut training) {
            Ok(report) => halvings += report.halvings,
            Err(error) => {
                outcome = diverged(step, error)?;
                break;
            }
        }
        step += 1;
        if clock.evaluates(step)
            && let Some(end) = record.evaluate(flow, validation.reborrow(), step, &mut clock)?
        {
            outcome = end;
            break;
        }
        let share = clock.share(step);
        watch(Progress { step, horizon: clock.horizon(), share, validation: record.latest() });
    }
    if outcome == Outcome::Finished && record.last_step() != step {
        outcome = record.evaluate(flow, validation, step, &mut clock)?.unwrap_or(Outcome::Finished);
    }
    let (seconds, horizon) = (clock.elapsed().as_secs_f64(), clock.horizon().unwrap_or(step));
    let (curve, best) = record.finish(flow)?;
    Ok(Trained { outcome, steps: step, horizon, seconds, curve, best, halvings })
}

/// One step: forward, backward, update.
fn ascend<F: Real>(
    flow: &mut Flow<F>,
    batch: ArrayView2<'_, F>,
    optimizer: &mut Optimizer,
    training: &mut Training<F>,
) -> Result<StepReport, LayerError> {
    flow.accumulate(batch, training)?;
    flow.update(optimizer, training)
}

/// Values that are not finite, and matrices that lost their inverse, end a run with its last good weights; any other error is the
/// caller's.
fn diverged(step: u64, error: LayerError) -> Result<Outcome, LayerError> {
    match error {
        LayerError::NonFinite { .. } | LayerError::Singular { .. } => {
            Ok(Outcome::Diverged { step, reason: error.to_string() })
        }
        error => Err(error),
    }
}

/// Learning curve and best weights.
struct Record<F: Real> {
    curve: Vec<CurvePoint>,
    best: CurvePoint,
    weights: Vec<(String, ArrayD<F>)>,
    rows: usize,
    patience: Option<u64>,
    waited: u64,
}

impl<F: Real> Record<F> {
    fn start(
        flow: &Flow<F>,
        validation: ArrayView2<'_, F>,
        config: &TrainConfig,
        clock: &mut Clock,
    ) -> Result<Self, TrainError> {
        let rows = config.validation_rows;
        let value = match clock.evaluation(|| mean_log_prob(flow, validation, rows)) {
            Ok(value) if value.is_finite() => value,
            Ok(value) | Err(LayerError::NonFinite { value, .. }) => {
                return Err(TrainError::NonFiniteStart { value });
            }
            Err(error) => return Err(error.into()),
        };
        let best = CurvePoint { step: 0, seconds: clock.elapsed().as_secs_f64(), validation: value };
        let (curve, weights, patience) = (vec![best], flow.tensors(), config.patience);
        Ok(Self { curve, best, weights, rows, patience, waited: 0 })
    }

    fn latest(&self) -> f64 {
        self.curve.last().map_or(f64::NAN, |point| point.validation)
    }

    fn last_step(&self) -> u64 {
        self.curve.last().map_or(0, |point| point.step)
    }

    /// Validates; says whether that is the end.
    fn evaluate(
        &mut self,
        flow: &Flow<F>,
        validation: ArrayView2<'_, F>,
        step: u64,
        clock: &mut Clock,
    ) -> Result<Option<Outcome>, LayerError> {
        let value = match clock.evaluation(|| mean_log_prob(flow, validation, self.rows)) {
            Ok(value) if value.is_finite() => value,
            Ok(value) => {
                let reason = format!("the log-likelihood of the validation rows is {value}");
                return Ok(Some(Outcome::Diverged { step, reason }));
            }
            Err(error) => return diverged(step, error).map(Some),
        };
        let point = CurvePoint { step, seconds: clock.elapsed().as_secs_f64(), validation: value };
        self.curve.push(point);
        if value > self.best.validation {
            (self.best, self.weights, self.waited) = (point, flow.tensors(), 0);
        } else {
            self.waited += 1;
        }
        Ok(self.patience.is_some_and(|patience| self.waited >= patience).then_some(Outcome::StoppedEarly))
    }

    fn finish(self, flow: &mut Flow<F>) -> Result<(Vec<CurvePoint>, CurvePoint), LayerError> {
        flow.set_tensors(Tensors::from_iter(self.weights))?;
        Ok((self.curve, self.best))
    }
}
