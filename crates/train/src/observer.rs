//! Looking at a run without being part of it.

use ndarray::ArrayView2;
use pdmap_core::{Flow, Real};

/// Looks at some of the steps of a run. It cannot change the run, and the time that it takes is not the run's.
pub trait Observer<F: Real> {
    /// Whether it looks at the step that follows `done` steps of `horizon`, which a time budget does not know at first.
    fn wants(&mut self, done: u64, horizon: Option<u64>) -> bool;

    /// The flow before that step, and its batch (a condition stands behind the features).
    fn before(&mut self, done: u64, flow: &Flow<F>, batch: ArrayView2<'_, F>);

    /// The flow after it.
    fn after(&mut self, flow: &Flow<F>);
}

/// Nobody looks.
#[derive(Debug)]
pub(crate) struct Nobody;

impl<F: Real> Observer<F> for Nobody {
    fn wants(&mut self, _: u64, _: Option<u64>) -> bool {
        false
    }

    fn before(&mut self, _: u64, _: &Flow<F>, _: ArrayView2<'_, F>) {}

    fn after(&mut self, _: &Flow<F>) {}
}
