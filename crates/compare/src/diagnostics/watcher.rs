//! Records snapshots of a training run.

use ndarray::ArrayView2;
use pdmap_core::{Flow, ParametricExt, Real};
use pdmap_train::Observer;

use super::angles::{Named, angle, gradient_and_plain_step};
use super::moment::Moment;
use super::weights::weights;

/// Snapshots of a final run, evenly spaced from the first step to the last.
pub(crate) const MOMENTS: u64 = 5;

/// An observer that collects snapshots.
#[derive(Debug)]
pub(crate) struct Watcher<F> {
    /// Total number of snapshots.
    most: u64,
    moments: Vec<Moment>,
    /// Weights before the observed step, and the gradient there.
    before: Option<(Named<F>, Named<F>)>,
}

impl<F> Watcher<F> {
    /// Takes `most` snapshots: none, or at least two.
    pub(crate) fn new(most: u64) -> Self {
        Self { most, moments: Vec::new(), before: None }
    }

    pub(crate) fn moments(self) -> Vec<Moment> {
        self.moments
    }
}

impl<F: Real> Observer<F> for Watcher<F> {
    fn wants(&mut self, done: u64, horizon: Option<u64>) -> bool {
        let due = self.moments.len() as u64;
        match horizon {
            _ if due >= self.most => false,
            _ if done == 0 => true,
            Some(horizon) => done >= due * horizon.saturating_sub(1) / (self.most - 1),
            None => false,
        }
    }

    fn before(&mut self, done: u64, flow: &Flow<F>, batch: ArrayView2<'_, F>) {
        let before: Named<F> = flow.tensors().into_iter().collect();
        let looked = gradient_and_plain_step(flow, batch).ok();
        let direction_angle = looked.as_ref().and_then(|(slope, plain)| angle(&before, plain, slope));
        self.moments.push(Moment { step: done, step_angle: None, direction_angle, weights: weights(flow) });
        self.before = looked.map(|(slope, _)| (before, slope));
    }

    fn after(&mut self, flow: &Flow<F>) {
        let (Some((before, slope)), Some(moment)) = (self.before.take(), self.moments.last_mut()) else {
            return;
        };
        moment.step_angle = angle(&before, &flow.tensors().into_iter().collect(), &slope);
    }
}
