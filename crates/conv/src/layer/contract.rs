//! The layer contract of the brick-wall convolution.

use ndarray::{ArrayView2, ArrayViewMut2};
use pdmap_core::GradSum;
use pdmap_core::group::{Direction, Group};
use pdmap_core::prelude::*;

use super::cycled::{CycledConv, TapeSlots, at};
use super::pass::{Source, Wanted, back, reorder};
use super::route::Route;

impl<F: Real> CycledConv<F> {
    fn add_log_det(&self, sign: f64, log_det: Option<&mut [f64]>) -> Result<()> {
        if let Some(log_det) = log_det {
            let own = sign * self.log_abs_det()?;
            log_det.iter_mut().for_each(|value| *value += own);
        }
        Ok(())
    }

    /// The backward pass through all stages.
    fn go_backward(
        &self,
        at: ForwardPass<'_, F>,
        dy: ArrayView2<'_, F>,
        dx: Option<ArrayViewMut2<'_, F>>,
        grads: &mut [ParamGrad<F>],
    ) -> Result<()> {
        let ForwardPass { input, y, tape } = at;
        let (routes, count, rows) = (self.routes(), self.stages.len(), input.x.nrows());
        let (features, slots) = (self.geometry.features(), TapeSlots::of(count));
        for stage in 0..count - 1 {
            tape.load(stage, rows, features)?;
        }
        tape.reserve(slots.count(), 0);
        let (activations, others) = tape.buffers.split_at_mut(count);
        let [first_gathered, second_gathered, even, odd, ..] = others else {
            return Err(LayerError::Tape { index: slots.count() });
        };
        let small = self.blocks_of(0).is_small();
        let gathered_rows = if small { 0 } else { rows };
        let (mut above, mut below) = (even, odd);
        let here = Route::Rotation(0);
        let (x, y, dy) =
            (check::slice("input", &input.x)?, check::slice("output", &y)?, check::slice("gradient", &dy)?);
        let mut dx = dx;
        for (stage, matrix) in self.stages.iter().enumerate().rev() {
            let from = above.view();
            let data = if stage + 1 == count { dy } else { check::slice("tape", &from)? };
            let delta = Source { data, route: routes.backward_route(stage + 1) };
            let outputs = activations[stage].view();
            let outputs = match stage + 1 == count {
                true => Source { data: y, route: routes.backward_route(count) },
                false => Source { data: check::slice("tape", &outputs)?, route: &here },
            };
            let inputs = stage.checked_sub(1).map(|before| activations[before].view());
            let data = match &inputs {
                Some(inputs) => check::slice("tape", inputs)?,
                None => x,
            };
            let inputs = Source { data, route: routes.forward_route(stage) };
            let wanted = match self.group() {
                Group::General(Direction::Euclidean) => Wanted::Output(inputs),
                Group::General(Direction::RelativeLeft) => Wanted::Input(inputs),
                Group::General(_) | Group::Orthonormal => Wanted::Output(outputs),
            };
            let propagate = stage > 0 || dx.is_some();
            let mut to = below.shaped(rows, features);
            let to = match &mut dx {
                Some(dx) if stage == 0 && routes.backward_route(0).is_identity() => {
                    check::slice_mut("gradient of the input", dx)?
                }
                _ => check::slice_mut("tape", &mut to)?,
            };
            let (mut first, mut second) =
                (first_gathered.shaped(gathered_rows, features), second_gathered.shaped(gathered_rows, features));
            let gathered = [check::slice_mut("tape", &mut first)?, check::slice_mut("tape", &mut second)?];
            let param = &mut grads[stage];
            let blocks = self.blocks_of(stage);
            back(blocks, rows, matrix.weight(), delta, wanted, (to, propagate), gathered, &mut param.scratch)?;
            if rows > 0 && blocks.count > 0 {
                let ParamGrad { sum, scratch, .. } = param;
                let GradSum::Outer(sum) = sum else {
                    return Err(LayerError::Grads { expected: 2, actual: 1 });
                };
                sum.add_sum(rows * blocks.count, &scratch[..blocks.side * blocks.side])?;
            }
            std::mem::swap(&mut above, &mut below);
        }
        if let Some(mut dx) = dx
            && !routes.backward_route(0).is_identity()
        {
            let from = above.view();
            let from = Source { data: check::slice("tape", &from)?, route: routes.backward_route(0) };
            reorder(features, rows, from, check::slice_mut("gradient of the input", &mut dx)?);
        }
        Ok(())
    }
}

/// A stage without blocks is saved like the others, and does not move.
impl<F: Real> Parametric<F> for CycledConv<F> {
    fn parameters(&self, visit: &mut Visit<'_, F>) -> Result<()> {
        self.stages
            .iter()
            .enumerate()
            .try_for_each(|(stage, matrix)| visit(&format_args!("stages.{stage}"), matrix).map_err(at(stage)))
    }

    fn parameters_mut(&mut self, visit: &mut VisitMut<'_, F>) -> Result<()> {
        self.inverses.take();
        self.stages
            .iter_mut()
            .enumerate()
            .try_for_each(|(stage, matrix)| visit(&format_args!("stages.{stage}"), matrix).map_err(at(stage)))
    }
}

impl<F: Real> Layer<F> for CycledConv<F> {
    fn spec(&self) -> LayerSpec {
        LayerSpec::new(Self::KIND, &self.options())
    }

    fn shape(&self, input: Shape) -> Result<Shape> {
        self.geometry.travel(input)
    }

    fn forward(&self, input: Input<F>, mut y: Out<F>, log_det: Option<&mut [f64]>, tape: &mut Tape<F>) -> Result<()> {
        let (x, rows) = (check::slice("input", &input.x)?, input.x.nrows());
        self.go_forward(rows, x, check::slice_mut("output", &mut y)?, tape)?;
        self.add_log_det(1.0, log_det)
    }

    fn inverse(&self, output: Input<F>, mut x: Out<F>, log_det: Option<&mut [f64]>, tape: &mut Tape<F>) -> Result<()> {
        let (y, rows) = (check::slice("output", &output.x)?, output.x.nrows());
        self.go_inverse(rows, y, check::slice_mut("input", &mut x)?, tape)?;
        self.add_log_det(-1.0, log_det)
    }

    fn backward(&self, at: ForwardPass<F>, dy: In<F>, dx: Option<Out<F>>, grads: &mut [ParamGrad<F>]) -> Result<()> {
        let (expected, actual) = (self.stages.len(), grads.len());
        if expected != actual {
            return Err(LayerError::Grads { expected, actual });
        }
        self.go_backward(at, dy, dx, grads)
    }
}
