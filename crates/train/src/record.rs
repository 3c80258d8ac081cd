//! Learning curve and best weights.

use ndarray::{ArrayD, ArrayView2};
use pdmap_core::{Flow, LayerError, ParametricExt, Real, Tensors};
use pdmap_spec::TrainConfig;
use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::error::TrainError;
use crate::outcome::{CurvePoint, Outcome};
use crate::validation::mean_log_prob;

/// A run has exploded where the validation rows are this many nats a feature less likely than
/// before the first step. No run that still learns gets there, and a likelihood that is finite by
/// luck must not pass as valid.
const EXPLODED: f64 = 10.0;

/// The validations of a run so far.
#[derive(Debug)]
pub(crate) struct Record<F> {
    curve: Vec<CurvePoint>,
    best: CurvePoint,
    weights: Vec<(String, ArrayD<F>)>,
    rows: usize,
    patience: Option<u64>,
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

    /// Resumes from a checkpoint.
    pub(crate) fn resume(state: RecordState, weights: Vec<(String, ArrayD<F>)>, config: &TrainConfig) -> Self {
        let RecordState { curve, best, waited } = state;
        Self { curve, best, weights, rows: config.validation_rows, patience: config.patience, waited }
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

    /// Whether the patience is exhausted.
    pub(crate) fn exhausted(&self) -> bool {
        self.patience.is_some_and(|patience| self.waited >= patience)
    }

    /// Validates; gives the outcome if the run ends here.
    pub(crate) fn evaluate(
        &mut self,
        flow: &Flow<F>,
        validation: ArrayView2<'_, F>,
        step: u64,
        clock: &mut Clock,
    ) -> Result<Option<Outcome>, LayerError> {
        let floor =
            self.curve.first().map_or(f64::NEG_INFINITY, |start| start.validation) - EXPLODED * flow.features() as f64;
        let value = match clock.evaluation(|| mean_log_prob(flow, validation, self.rows)) {
            Ok(value) if value.is_finite() && value >= floor => value,
            Ok(value) => {
                let reason = format!("the log-likelihood of the validation rows is {value}");
                return Ok(Some(Outcome::Diverged { step, reason }));
            }
            Err(error) => return Outcome::of_error(step, error).map(Some),
        };
        let point = CurvePoint { step, seconds: clock.elapsed().as_secs_f64(), validation: value };
        self.curve.push(point);
        if value > self.best.validation {
            (self.best, self.weights, self.waited) = (point, flow.tensors(), 0);
        } else {
            self.waited += 1;
        }
        Ok(self.exhausted().then_some(Outcome::StoppedEarly))
    }

    /// Leaves the flow with the weights of the best validation.
    pub(crate) fn finish(self, flow: &mut Flow<F>) -> Result<(Vec<CurvePoint>, CurvePoint), LayerError> {
        flow.set_tensors(Tensors::from_iter(self.weights))?;
        Ok((self.curve, self.best))
    }
}
