//! Observing the steps of a run.

use ndarray::ArrayView2;
use pdmap_core::{Flow, Real};

/// Observes some steps of a run. It cannot change the run, and its time does not count.
pub trait Observer<F: Real> {
    /// Whether it observes the step after `done` steps. A time budget has no `horizon` at first.
    fn wants(&mut self, done: u64, horizon: Option<u64>) -> bool;

    /// Called before that step, with its batch (each row followed by its condition).
    fn before(&mut self, done: u64, flow: &Flow<F>, batch: ArrayView2<'_, F>);

    /// Called after it.
    fn after(&mut self, flow: &Flow<F>);
}

/// No observer.
#[derive(Debug)]
pub(crate) struct Nobody;

impl<F: Real> Observer<F> for Nobody {
    fn wants(&mut self, _: u64, _: Option<u64>) -> bool {
        false
    }

    fn before(&mut self, _: u64, _: &Flow<F>, _: ArrayView2<'_, F>) {}

    fn after(&mut self, _: &Flow<F>) {}
}
