//! One training step: forward, backward, direction, update.

use ndarray::{ArrayD, ArrayView1, ArrayViewMut2, Axis};

use super::model::Flow;
use super::reduce::{Alone, Reduce};
use super::training::{BatchReport, Training};
use crate::contract::{ForwardPass, Input, Layer, Parametric, Rule, StepReport};
use crate::{Real, Result, check, parallel};

impl<F: Real> Flow<F> {
    /// Forward and backward: adds the gradients of a batch to `training`.
    ///
    /// # Errors
    /// Wrong shapes; NaN and infinities in the batch or in its image. All sums are cleared then,
    /// including those of earlier batches.
    pub fn accumulate<'a>(&self, x: impl Into<Input<'a, F>>, training: &mut Training<F>) -> Result<BatchReport> {
        self.differentiate(x.into(), training, None)
    }

    pub(super) fn differentiate(
        &self,
        input: Input<'_, F>,
        training: &mut Training<F>,
        dx: Option<ArrayViewMut2<'_, F>>,
    ) -> Result<BatchReport> {
        let result = parallel::in_pool(self.numbers(input.x.nrows()), || match dx {
            None => self.differentiate_in_parts(input, training),
            Some(dx) => self.differentiate_here(input, training, Some(dx)),
        });
        if result.is_err() {
            training.clear();
        }
        result
    }

    /// Size of the largest operation of a step.
    fn numbers(&self, rows: usize) -> usize {
        self.features() * self.features().max(rows)
    }

    /// `z = f(x)`, `δ = ∂ log p_base/∂z`, and backpropagation of `δ` through the layers.
    pub(super) fn differentiate_here(
        &self,
        input: Input<'_, F>,
        training: &mut Training<F>,
        dx: Option<ArrayViewMut2<'_, F>>,
    ) -> Result<BatchReport> {
        let Training { grads, tape, x, z, delta, condition, log_density, log_det, .. } = training;
        let (rows, features) = (input.x.nrows(), self.features());
        self.check("batch", &input)?;
        // Input may have any layout; layers see contiguous rows.
        let input = match &input.condition {
            Some(given) if !given.is_standard_layout() => {
                condition.shaped(rows, given.ncols()).assign(given);
                Input::new(input.x.reborrow(), Some(condition.view()))
            }
            _ => input.reborrow(),
        };
        let input = if input.x.is_standard_layout() {
            input.reborrow()
        } else {
            x.shaped(rows, features).assign(&input.x);
            input.with(x.view())
        };
        let (layers, base) = grads.params.split_at_mut(self.trained_in_layers());
        if let Some(log_det) = log_det {
            log_det.clear();
            log_det.resize(rows, 0.0);
        }
        self.chain().forward(input.reborrow(), z.shaped(rows, features), log_det.as_deref_mut(), tape)?;
        check::finite("image of the batch", z.view())?;
        log_density.clear();
        log_density.resize(rows, 0.0);
        let codes = input.reborrow().with(z.view());
        self.base().differentiate(codes, log_density, delta.shaped(rows, features), base)?;
        check::finite("log-density of the batch", ArrayView1::from(&*log_density).insert_axis(Axis(1)))?;
        let at = ForwardPass { input, y: z.view(), tape };
        self.chain().backward(at, delta.view(), dx, layers)?;
        grads.rows += rows;
        let mean = |of: &Vec<f64>| of.iter().sum::<f64>() / rows.max(1) as f64;
        Ok(BatchReport { rows, base_log_density: mean(log_density), log_det: log_det.as_ref().map(mean) })
    }

    /// Follows the accumulated gradients through `rule`, and clears them.
    ///
    /// # Errors
    /// No rows; gradients of another flow; a singular matrix where a direction needs an inverse; a
    /// step that is not finite. Layers before the failing one have already taken their step.
    pub fn update(&mut self, rule: &mut dyn Rule<F>, training: &mut Training<F>) -> Result<StepReport> {
        self.update_reduced(rule, training, &mut Alone)
    }

    /// Like [`update`](Self::update), for a batch distributed over several processes: `reduce` sums
    /// the gradients before the directions are computed.
    ///
    /// # Errors
    /// As [`update`](Self::update); those of `reduce`.
    pub fn update_reduced(
        &mut self,
        rule: &mut dyn Rule<F>,
        training: &mut Training<F>,
        reduce: &mut dyn Reduce<F>,
    ) -> Result<StepReport> {
        let grads = &mut training.grads;
        let report = match reduce.reduce(grads).and_then(|()| grads.some_rows()) {
            Ok(rows) => parallel::in_pool(self.numbers(rows), || {
                self.direct(rows, rule.reads(), &mut grads.params)?;
                rule.begin(&mut || Ok(self.norm_squared(&mut grads.params)?.sqrt()))?;
                Parametric::update(self, rule, &mut grads.params)
            }),
            Err(error) => Err(error),
        };
        training.grads.clear();
        report
    }

    /// Euclidean gradients of the mean log-likelihood by tensor name, from what was accumulated. For
    /// diagnostics; may cost O(D³).
    ///
    /// # Errors
    /// No rows; a singular matrix.
    pub fn gradients(&self, training: &Training<F>) -> Result<Vec<(String, ArrayD<F>)>> {
        self.euclidean(training.grads.some_rows()?, &training.grads.params)
    }
}
