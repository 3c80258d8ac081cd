//! Learning curve and best weights.

use ndarray::ArrayD;
use pdmap_core::{Flow, LayerError, ParametricExt, Real, Tensors};
use pdmap_spec::{Rows, SpecError, TrainConfig};
use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::error::TrainError;
use crate::outcome::{CurvePoint, Outcome};
use crate::stopping::Stopping;
use crate::validation::{ValidationRows, mean_log_prob};

/// Maximum number of training rows on which a run is evaluated. That happens only when its
/// validation rows look bad.
const TRAINING_ROWS: usize = 10_000;

/// The rows on which a run is evaluated.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EvaluationRows<'v, 'r, F> {
    pub(crate) validation: ValidationRows<'v, F>,
    pub(crate) training: Rows<'r, F>,
}

/// The validations of a run so far.
#[derive(Debug)]
pub(crate) struct Record<F> {
    curve: Vec<CurvePoint>,
    best: CurvePoint,
    weights: Vec<(String, ArrayD<F>)>,
    rows: usize,
    stopping: Stopping,
    waited: u64,
}

/// A record without its weights.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RecordState {
    pub(crate) curve: Vec<CurvePoint>,
    pub(crate) best: CurvePoint,
    pub(crate) waited: u64,
}

impl<F: Real> Record<F> {
    /// Starts with a validation of the initial flow.
    pub(crate) fn start(
        flow: &Flow<F>,
        validation: ValidationRows<'_, F>,
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
        clock.validated(0);
        let (curve, weights, stopping) = (vec![best], flow.tensors(), Stopping::of(config, flow.features()));
        Ok(Self { curve, best, weights, rows, stopping, waited: 0 })
    }

    /// Resumes from a checkpoint.
    pub(crate) fn resume(
        state: RecordState,
        weights: Vec<(String, ArrayD<F>)>,
        config: &TrainConfig,
        features: usize,
    ) -> Self {
        let (RecordState { curve, best, waited }, rows) = (state, config.validation_rows);
        Self { curve, best, weights, rows, stopping: Stopping::of(config, features), waited }
    }

    pub(crate) fn state(&self) -> RecordState {
        RecordState { curve: self.curve.clone(), best: self.best, waited: self.waited }
    }

    /// The weights of the best validation.
    pub(crate) fn weights(&self) -> &[(String, ArrayD<F>)] {
        &self.weights
    }

    /// Returns the flow to the best weights; gives their step.
    pub(crate) fn back(&self, flow: &mut Flow<F>) -> Result<u64, LayerError> {
        flow.set_tensors(Tensors::from_iter(self.weights.clone()))?;
        Ok(self.best.step)
    }

    pub(crate) fn latest(&self) -> f64 {
        self.curve.last().map_or(f64::NAN, |point| point.validation)
    }

    /// The points of the learning curve so far.
    pub(crate) fn curve(&self) -> &[CurvePoint] {
        &self.curve
    }

    pub(crate) fn last_step(&self) -> u64 {
        self.curve.last().map_or(0, |point| point.step)
    }

    /// Validates; gives the outcome if the run ends here.
    pub(crate) fn evaluate(
        &mut self,
        flow: &Flow<F>,
        rows: EvaluationRows<'_, '_, F>,
        step: u64,
        clock: &mut Clock,
    ) -> Result<Option<Outcome>, TrainError> {
        let measured = clock.evaluation(|| mean_log_prob(flow, rows.validation, self.rows));
        clock.validated(step);
        let value = match measured {
            Ok(value) => value,
            Err(LayerError::NonFinite { value, .. }) => value,
            Err(error) => return Ok(Outcome::of_error(step, error).map(Some)?),
        };
        let first = self.curve.first().map_or(f64::NEG_INFINITY, |start| start.validation);
        let sound = value.is_finite() && (value >= self.stopping.floor(first) || !self.stopping.judges(step));
        if !sound && let Some(diverged) = self.collapsed(flow, rows.training, step, first, clock)? {
            return Ok(Some(diverged));
        }
        if !value.is_finite() {
            // The training rows are fine, so the validation rows lie beyond the model's domain.
            self.waited += 1;
            return Ok(self.stopping.exhausted(self.waited, step).then_some(Outcome::StoppedEarly));
        }
        let point = CurvePoint { step, seconds: clock.elapsed().as_secs_f64(), validation: value };
        self.curve.push(point);
        if value > self.best.validation {
            (self.best, self.weights, self.waited) = (point, flow.tensors(), 0);
        } else {
            self.waited += 1;
        }
        self.verdict(flow, rows.training, clock)
    }

    /// The outcome, if the log-likelihood of the training rows is not finite or far below that of
    /// the start. The validation rows alone are no evidence, since overfitting has the same effect
    /// on them.
    fn collapsed(
        &self,
        flow: &Flow<F>,
        rows: Rows<'_, F>,
        step: u64,
        first: f64,
        clock: &mut Clock,
    ) -> Result<Option<Outcome>, TrainError> {
        let training = match self.training(flow, rows, clock) {
            Ok(value) if value.is_finite() && value >= self.stopping.floor(first) => return Ok(None),
            Ok(value) if value.is_finite() && !self.stopping.judges(step) => return Ok(None),
            Ok(value) | Err(TrainError::Spec(SpecError::Layer(LayerError::NonFinite { value, .. }))) => value,
            Err(TrainError::Spec(SpecError::Layer(error))) => return Ok(Outcome::of_error(step, error).map(Some)?),
            Err(error) => return Err(error),
        };
        let reason = format!("the log-likelihood of the training rows is {training}");
        Ok(Some(Outcome::Diverged { step, reason }))
    }

    /// Mean log-likelihood of as many training rows as a validation has, at most.
    fn training(&self, flow: &Flow<F>, rows: Rows<'_, F>, clock: &mut Clock) -> Result<f64, TrainError> {
        let most = self.rows.min(TRAINING_ROWS);
        let (sample, weights) = (rows.sample(most)?, rows.weights_of_sample(most));
        let rows = ValidationRows { rows: sample.view(), weights: weights.as_deref() };
        Ok(clock.beside(|| mean_log_prob(flow, rows, usize::MAX))?)
    }

    /// The outcome, if the run ends with its latest validation: the patience is exhausted, or the
    /// validation rows have lost too much while the training rows have not.
    pub(crate) fn verdict(
        &self,
        flow: &Flow<F>,
        rows: Rows<'_, F>,
        clock: &mut Clock,
    ) -> Result<Option<Outcome>, TrainError> {
        let (step, validation) = (self.last_step(), self.latest());
        let lost = self.best.validation - validation;
        let (exhausted, fallen) = (self.stopping.exhausted(self.waited, step), self.stopping.fallen(lost, step));
        if !exhausted && !fallen {
            return Ok(None);
        }
        let ended = exhausted.then_some(Outcome::StoppedEarly);
        if lost <= 0.0 {
            return Ok(ended);
        }
        let mut best = flow.clone();
        self.back(&mut best)?;
        let [now, before] = [flow, &best].map(|flow| self.training(flow, rows, clock));
        let (Ok(now), Ok(before)) = (now, before) else { return Ok(ended) };
        let overfitted = now.is_finite() && now >= before;
        Ok(if overfitted { Some(Outcome::Overfitted { step, training: now, validation }) } else { ended })
    }

    /// Leaves the flow with the weights of the best validation.
    pub(crate) fn finish(self, flow: &mut Flow<F>) -> Result<(Vec<CurvePoint>, CurvePoint), LayerError> {
        flow.set_tensors(Tensors::from_iter(self.weights))?;
        Ok((self.curve, self.best))
    }
}
