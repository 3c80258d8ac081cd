//! The parameters of a dense layer. Weight and augmented bias move together as one homogeneous
//! matrix.

use ndarray::{ArrayD, ArrayView2, ArrayViewMut2, Axis};
use pdmap_core::contract::{Reads, Rule, StepReport, Visit, VisitMut, exactly};
use pdmap_core::group::{Direction, Group};
use pdmap_core::linalg::{Add, gemm};
use pdmap_core::{Geometry, LayerError, ParamGrad, Parametric, Real, Result};

use crate::bias::{Bias, BiasKind};
use crate::dense::Dense;

impl<F: Real> Parametric<F> for Dense<F> {
    fn parameters(&self, visit: &mut Visit<'_, F>) -> Result<()> {
        visit(&"weight", &self.matrix)?;
        self.bias.as_ref().map_or(Ok(()), |bias| visit(&"bias", bias))
    }

    fn parameters_mut(&mut self, visit: &mut VisitMut<'_, F>) -> Result<()> {
        visit(&"weight", &mut self.matrix)?;
        self.bias.as_mut().map_or(Ok(()), |bias| visit(&"bias", bias))
    }

    fn direct(&self, rows: usize, reads: Reads, grads: &mut [ParamGrad<F>]) -> Result<()> {
        let Some(bias) = &self.bias else {
            let [weight] = exactly(grads)?;
            return self.matrix.direct(rows, reads, weight);
        };
        let [weight, bias_grad] = exactly(grads)?;
        self.matrix.direct(rows, reads, weight)?;
        bias.direct(rows, reads, bias_grad)?;
        if self.kind == BiasKind::Augmented && self.group() == Group::General(Direction::Relative) {
            // e_b + E_W b, where E_W = mean(δ zᵀ) + I.
            let b = bias.values();
            let ParamGrad { direction, scratch, .. } = &mut *bias_grad;
            let direction = ArrayViewMut2::from_shape((b.len(), 1), direction)
                .map_err(|_| LayerError::Memory { expected: b.len(), actual: 0 })?;
            weight.outer_mut()?.add_times_vector(F::one() / F::of(rows as f64), b.view(), scratch, direction)?;
            bias_grad.direction.iter_mut().zip(b).for_each(|(direction, &b)| *direction += b);
        }
        Ok(())
    }

    fn update(&mut self, rule: &mut dyn Rule<F>, grads: &mut [ParamGrad<F>]) -> Result<StepReport> {
        let settled = self.matrix.is_settled();
        let Some(bias) = &mut self.bias else {
            let [weight] = exactly(grads)?;
            return self.matrix.step(rule, weight);
        };
        let [weight, bias_grad] = exactly(grads)?;
        if self.kind != BiasKind::Augmented {
            let report = self.matrix.step(rule, weight)?;
            bias.step(rule, bias_grad)?;
            return Ok(report);
        }
        let factored = weight.factored;
        if self.matrix.group() == Group::General(Direction::Relative) && !factored {
            bias.remember(settled);
        }
        let report = self.matrix.step(rule, weight)?;
        let share = F::of(report.share());
        match self.matrix.group() {
            Group::General(Direction::Relative) if !factored => {
                bias.step(rule, bias_grad)?;
                if report.halvings > 0 {
                    bias.go_back(share);
                }
            }
            Group::General(Direction::Relative) => shortened(bias, share, rule, bias_grad)?,
            _ => along(bias, share, rule, weight, bias_grad)?,
        }
        Ok(report)
    }

    fn euclidean(&self, rows: usize, grads: &[ParamGrad<F>]) -> Result<Vec<(String, ArrayD<F>)>> {
        let expected = 1 + usize::from(self.bias.is_some());
        let ([weight, rest @ ..], true) = (grads, grads.len() == expected) else {
            return Err(LayerError::Grads { expected, actual: grads.len() });
        };
        let (Some(bias), [bias_grad]) = (&self.bias, rest) else {
            return Ok(vec![("weight".to_owned(), self.matrix.euclidean(rows, weight)?)]);
        };
        let delta = bias_grad.mean(rows)?;
        let augmented = (self.kind == BiasKind::Augmented).then_some(&delta[..]).zip(bias.values().as_slice());
        let weight = self.matrix.euclidean_of(weight, augmented)?;
        Ok(vec![("weight".to_owned(), weight.into_dyn()), ("bias".to_owned(), bias.euclidean(rows, bias_grad)?)])
    }
}

/// Keeps the fraction of the step that the weight kept.
fn shortened<F: Real>(bias: &mut Bias<F>, share: F, rule: &mut dyn Rule<F>, grad: &mut ParamGrad<F>) -> Result<()> {
    rule.step(&mut grad.memory, &mut grad.direction)?;
    grad.direction.iter_mut().for_each(|step| *step *= share);
    bias.values_mut().iter_mut().zip(&grad.direction).for_each(|(b, &step)| *b += step);
    Ok(())
}

/// In the algebra, `W̃ ← (I + S̃) W̃`: the direction of the weight now holds its step `S_W`, which
/// also moves `b`.
fn along<F: Real>(
    bias: &mut Bias<F>,
    share: F,
    rule: &mut dyn Rule<F>,
    weight: &ParamGrad<F>,
    grad: &mut ParamGrad<F>,
) -> Result<()> {
    let ParamGrad { scratch: old, .. } = &mut *grad;
    old.clear();
    old.extend(bias.values());
    let features = old.len();
    rule.step(&mut grad.memory, &mut grad.direction)?;
    grad.direction.iter_mut().for_each(|step| *step *= share);
    let step = ArrayView2::from_shape((features, features), &weight.direction[..features * features])
        .map_err(|_| LayerError::Memory { expected: features, actual: 0 })?;
    let moved = bias.values_mut().view_mut().insert_axis(Axis(1));
    let old = ArrayView2::from_shape((features, 1), &grad.scratch)
        .map_err(|_| LayerError::Memory { expected: features, actual: 0 })?;
    gemm(F::one(), step, old, Add::Yes, moved)?;
    bias.values_mut().iter_mut().zip(&grad.direction).for_each(|(b, &step)| *b += step);
    Ok(())
}
