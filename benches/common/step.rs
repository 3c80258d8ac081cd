//! One training step: forward, backward, direction, update.

use anyhow::Result;
use ndarray::Array2;
use pdmap::optim::Optimizer;
use pdmap::{Flow, Real, Training};

use super::case::Case;
use super::start;

/// A flow and its training state.
pub(crate) struct Step<F: Real> {
    flow: Flow<F>,
    training: Training<F>,
    optimizer: Optimizer,
    batches: Vec<Array2<F>>,
    next: usize,
    /// Halved steps so far. If not 0, the run was unstable and its times are not representative.
    pub(crate) halvings: u64,
}

impl<F: Real> Step<F> {
    pub(crate) fn new(case: Case) -> Result<Self> {
        let flow = start::flow(case.arm.preset(), case.features)?;
        Ok(Self {
            training: flow.training(),
            optimizer: case.optimizer.optimizer()?,
            batches: start::batches(case.features, case.batch, 1)?,
            next: 0,
            halvings: 0,
            flow,
        })
    }

    pub(crate) fn run(&mut self) -> Result<()> {
        self.flow.accumulate(&self.batches[self.next % self.batches.len()], &mut self.training)?;
        let report = self.flow.update(&mut self.optimizer, &mut self.training)?;
        self.halvings += report.halvings;
        self.next += 1;
        Ok(())
    }
}
