//! One step, and what its parts cost.

use std::time::Instant;

use ndarray::ArrayView2;
use pdmap_core::contract::StepReport;
use pdmap_core::optim::Optimizer;
use pdmap_core::{Flow, LayerError, Real, Training};

use crate::outcome::Cost;

/// One step: forward, backward, update.
pub(crate) fn ascend<F: Real>(
    flow: &mut Flow<F>,
    batch: ArrayView2<'_, F>,
    optimizer: &mut Optimizer,
    training: &mut Training<F>,
    cost: &mut Cost,
) -> Result<StepReport, LayerError> {
    let start = Instant::now();
    flow.accumulate(flow.given(batch), training)?;
    let between = Instant::now();
    let report = flow.update(optimizer, training);
    cost.gradients += (between - start).as_secs_f64();
    cost.updates += between.elapsed().as_secs_f64();
    report
}
