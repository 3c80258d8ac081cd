//! Looks at a run at a few moments.

use ndarray::ArrayView2;
use pdmap_core::{Flow, Real};
use pdmap_train::Observer;

use super::Moment;
use super::angles::{Named, angle, gradient, plain_step};
use super::weights::weights;

/// Moments of a run, evenly spaced from its first step to its last.
const MOMENTS: u64 = 5;

/// What was seen so far.
#[derive(Debug)]
pub(crate) struct Watcher<F> {
    moments: Vec<Moment>,
    /// Weights before the step that is looked at, and the gradient there.
    before: Option<(Named<F>, Named<F>)>,
}

impl<F> Watcher<F> {
    pub(crate) fn new() -> Self {
        Self { moments: Vec::new(), before: None }
    }

    pub(crate) fn moments(self) -> Vec<Moment> {
        self.moments
    }
}

impl<F: Real> Observer<F> for Watcher<F> {
    fn wants(&mut self, done: u64, horizon: Option<u64>) -> bool {
        let due = self.moments.len() as u64;
        match horizon {
            _ if due >= MOMENTS => false,
            _ if done == 0 => true,
            Some(horizon) => done >= due * horizon.saturating_sub(1) / (MOMENTS - 1),
            None => false,
        }
    }

    fn before(&mut self, done: u64, flow: &Flow<F>, batch: ArrayView2<'_, F>) {
        let before: Named<F> = flow.tensors().into_iter().collect();
        let slope = gradient(flow, batch.reborrow()).ok();
        let plain = plain_step(flow, batch).ok();
        let direction_angle =
            slope.as_ref().zip(plain).and_then(|(slope, plain)| angle(&before, &plain, slope));
        self.moments.push(Moment { step: done, step_angle: None, direction_angle, weights: weights(flow) });
        self.before = slope.map(|slope| (before, slope));
    }

    fn after(&mut self, flow: &Flow<F>) {
        let (Some((before, slope)), Some(moment)) = (self.before.take(), self.moments.last_mut()) else {
            return;
        };
        moment.step_angle = angle(&before, &flow.tensors().into_iter().collect(), &slope);
    }
}
