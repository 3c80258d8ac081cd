//! A flow, and what a step from it needs.

use ndarray::{ArrayView2, Axis};
use pdmap_core::contract::{Reads, StepReport};
use pdmap_core::optim::Follow;
use pdmap_core::{Flow, Gradients, LayerError, Parametric, ParametricExt, Real, Training};

/// A flow with its likelihood and slopes.
#[derive(Debug, Clone)]
pub(super) struct Place<F: Real> {
    pub(super) flow: Flow<F>,
    /// Mean of `log p`, nats a row.
    pub(super) log_likelihood: f64,
    /// Of `−L`, so that steps descend.
    pub(super) gradient: Vec<f64>,
    grads: Gradients<F>,
}

impl<F: Real> Place<F> {
    /// Differentiates at all rows, `batch` of them at a time, in the memory of `training`.
    pub(super) fn at(
        flow: Flow<F>,
        rows: ArrayView2<'_, F>,
        batch: usize,
        training: &mut Training<F>,
    ) -> Result<Self, LayerError> {
        training.clear();
        let mut sum = 0.0;
        for block in rows.axis_chunks_iter(Axis(0), batch) {
            let report = flow.accumulate(flow.given(block), training)?;
            sum += (report.base_log_density + report.log_det.unwrap_or(f64::NAN)) * report.rows as f64;
        }
        let count = training.grads.some_rows()?;
        flow.direct(count, Reads::Entries, &mut training.grads.params)?;
        let gradient = flow.slopes(&training.grads)?.into_iter().map(|slope| -slope).collect();
        Ok(Self { flow, log_likelihood: sum / count as f64, gradient, grads: training.grads.clone() })
    }

    /// The flow after these steps; none if one of them had to be shortened.
    pub(super) fn moved(&self, steps: &[f64]) -> Result<Option<Flow<F>>, LayerError> {
        let (mut flow, mut grads) = (self.flow.clone(), self.grads.clone());
        let report = Parametric::update(&mut flow, &mut Follow::new(steps), &mut grads.params)?;
        Ok((report == StepReport::default()).then_some(flow))
    }

    /// The largest slope.
    pub(super) fn criterion(&self) -> f64 {
        self.gradient.iter().fold(0.0, |most, slope| slope.abs().max(most))
    }
}
