//! The brick-wall convolution as a layer.

use ndarray::{ArrayD, ArrayView2, ArrayViewMut2};
use pdmap_core::group::{Direction, Group, GroupMatrix};
use pdmap_core::optim::{StepReport, UpdateRule};
use pdmap_core::{
    Diagnostic, GradSum, Input, Layer, LayerError, LayerGrads, LayerSpec, ParamGrad, Real, Recorded, Result,
    State, Tape, Tensors, check,
};

use super::cycled::{CycledConv, Places, at};
use super::pass::{Source, Wanted, back, reorder};
use super::route::Route;

impl<F: Real> CycledConv<F> {
    fn check(&self, from: (usize, usize), to: (usize, usize), log_det: Option<&[f64]>) -> Result<()> {
        check::features("input", self.geometry.features(), from.1)?;
        check::shape("output", from, to)?;
        check::log_det(from.0, log_det)
    }

    fn add_log_det(&self, sign: f64, log_det: Option<&mut [f64]>) -> Result<()> {
        if let Some(log_det) = log_det {
            let own = sign * self.log_abs_det()?;
            log_det.iter_mut().for_each(|value| *value += own);
        }
        Ok(())
    }

    fn check_grads(&self, grads: &LayerGrads<F>) -> Result<()> {
        let (expected, actual) = (self.stages.len(), grads.children.len());
        if expected == actual { Ok(()) } else { Err(LayerError::Grads { expected, actual }) }
    }

    /// Each stage with its number and gradients, but those without a block, which nothing ever reaches.
    fn each<'a>(
        &'a self,
        grads: &'a mut LayerGrads<F>,
    ) -> impl Iterator<Item = (usize, &'a GroupMatrix<F>, &'a mut LayerGrads<F>)> {
        let stages = self.stages.iter().zip(&mut grads.children).enumerate();
        stages
            .map(|(stage, (matrix, grads))| (stage, matrix, grads))
            .filter(|&(stage, ..)| self.blocks(stage) > 0)
    }

    /// Backward through all stages; `grads` has a child for each.
    fn go_backward(
        &self,
        at: Recorded<'_, F>,
        dy: ArrayView2<'_, F>,
        dx: Option<ArrayViewMut2<'_, F>>,
        grads: &mut LayerGrads<F>,
    ) -> Result<()> {
        let Recorded { input, y, tape } = at;
        let (routes, count, rows) = (self.routes(), self.stages.len(), input.x.nrows());
        let (features, places) = (self.geometry.features(), Places::of(count));
        for stage in 0..count - 1 {
            tape.load(stage, rows, features)?;
        }
        tape.reserve(places.count(), 0);
        let (activations, others) = tape.buffers.split_at_mut(count);
        let [first_room, second_room, even, odd, ..] = others else {
            return Err(LayerError::Tape { index: places.count() });
        };
        let small = self.blocks_of(0).is_small();
        let room_rows = if small { 0 } else { rows };
        let (mut above, mut below) = (even, odd);
        let here = Route::Rotation(0);
        let (x, y, dy) =
            (check::slice("input", &input.x)?, check::slice("output", &y)?, check::slice("gradient", &dy)?);
        let mut dx = dx;
        for (stage, matrix) in self.stages.iter().enumerate().rev() {
            let from = above.view();
            let data = if stage + 1 == count { dy } else { check::slice("tape", &from)? };
            let delta = Source { data, route: routes.way_back_from(stage + 1) };
            let outputs = activations[stage].view();
            let outputs = match stage + 1 == count {
                true => Source { data: y, route: routes.way_back_from(count) },
                false => Source { data: check::slice("tape", &outputs)?, route: &here },
            };
            let inputs = stage.checked_sub(1).map(|before| activations[before].view());
            let data = match &inputs {
                Some(inputs) => check::slice("tape", inputs)?,
                None => x,
            };
            let inputs = Source { data, route: routes.way_into(stage) };
            let wanted = match self.group() {
                Group::General(Direction::Euclidean) => Wanted::Output(inputs),
                Group::General(Direction::RelativeLeft) => Wanted::Input(inputs),
                Group::General(_) | Group::Orthonormal => Wanted::Output(outputs),
            };
            let asked = stage > 0 || dx.is_some();
            let mut to = below.shaped(rows, features);
            let to = match &mut dx {
                Some(dx) if stage == 0 && routes.way_back_from(0).is_identity() => {
                    check::slice_mut("gradient of the input", dx)?
                }
                _ => check::slice_mut("tape", &mut to)?,
            };
            let (mut first, mut second) =
                (first_room.shaped(room_rows, features), second_room.shaped(room_rows, features));
            let rooms = [check::slice_mut("tape", &mut first)?, check::slice_mut("tape", &mut second)?];
            let child = &mut grads.children[stage];
            child.rows += rows;
            let [param] = child.params_mut()?;
            let blocks = self.blocks_of(stage);
            back(blocks, rows, matrix.weight(), delta, wanted, (to, asked), rooms, &mut param.scratch)?;
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
            && !routes.way_back_from(0).is_identity()
        {
            let from = above.view();
            let from = Source { data: check::slice("tape", &from)?, route: routes.way_back_from(0) };
            reorder(features, rows, from, check::slice_mut("gradient of the input", &mut dx)?);
        }
        Ok(())
    }
}

impl<F: Real> Layer<F> for CycledConv<F> {
    fn spec(&self) -> LayerSpec {
        LayerSpec::new(Self::KIND, &self.options())
    }

    fn features(&self) -> Option<usize> {
        Some(self.geometry.features())
    }

    fn forward(
        &self,
        input: Input<'_, F>,
        mut y: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        tape: &mut Tape<F>,
    ) -> Result<()> {
        self.check(input.x.dim(), y.dim(), log_det.as_deref())?;
        let (x, rows) = (check::slice("input", &input.x)?, input.x.nrows());
        self.go_forward(rows, x, check::slice_mut("output", &mut y)?, tape)?;
        self.add_log_det(1.0, log_det)
    }

    fn inverse(
        &self,
        output: Input<'_, F>,
        mut x: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        tape: &mut Tape<F>,
    ) -> Result<()> {
        self.check(output.x.dim(), x.dim(), log_det.as_deref())?;
        let (y, rows) = (check::slice("output", &output.x)?, output.x.nrows());
        self.go_inverse(rows, y, check::slice_mut("input", &mut x)?, tape)?;
        self.add_log_det(-1.0, log_det)
    }

    fn backward(
        &self,
        at: Recorded<'_, F>,
        dy: ArrayView2<'_, F>,
        dx: Option<ArrayViewMut2<'_, F>>,
        grads: &mut LayerGrads<F>,
    ) -> Result<()> {
        self.check(at.input.x.dim(), at.y.dim(), None)?;
        check::shape("gradient of the output", at.input.x.dim(), dy.dim())?;
        if let Some(dx) = &dx {
            check::shape("gradient of the input", dy.dim(), dx.dim())?;
        }
        self.check_grads(grads)?;
        grads.rows += dy.nrows();
        self.go_backward(at, dy, dx, grads)
    }

    fn new_grads(&self) -> LayerGrads<F> {
        let child = |matrix: &GroupMatrix<F>| LayerGrads::of(vec![matrix.new_grad("stage")]);
        LayerGrads { children: self.stages.iter().map(child).collect(), ..LayerGrads::default() }
    }

    fn direct(&self, grads: &mut LayerGrads<F>) -> Result<()> {
        grads.some_rows()?;
        self.check_grads(grads)?;
        self.each(grads).try_for_each(|(stage, matrix, grads)| {
            let [param] = grads.params_mut()?;
            matrix.direct(param).map_err(at(stage))
        })
    }

    fn update(&mut self, rule: &mut dyn UpdateRule<F>, grads: &mut LayerGrads<F>) -> Result<StepReport> {
        self.check_grads(grads)?;
        let mut report = StepReport::default();
        for stage in 0..self.stages.len() {
            if self.blocks(stage) > 0 {
                let [param] = grads.children[stage].params_mut()?;
                report += self.stages[stage].update(rule, param).map_err(at(stage))?;
            }
        }
        Ok(report)
    }

    fn gradients(&self, grads: &LayerGrads<F>) -> Result<Vec<(String, ArrayD<F>)>> {
        grads.some_rows()?;
        self.check_grads(grads)?;
        let of = |(stage, (matrix, grads)): (usize, (&GroupMatrix<F>, &LayerGrads<F>))| {
            let (side, blocks) = (matrix.dim(), self.blocks(stage));
            let gradient = match blocks {
                0 => ArrayD::zeros(vec![side, side]),
                // The mean over rows of the sum over blocks.
                _ => {
                    let mean = matrix.euclidean(grads.param(0)?, None).map_err(at(stage))?;
                    mean.mapv(|entry| entry * F::of(blocks as f64)).into_dyn()
                }
            };
            Ok((name(stage), gradient))
        };
        self.stages.iter().zip(&grads.children).enumerate().map(of).collect()
    }

    fn tensors(&self) -> Vec<(String, ArrayD<F>)> {
        let of =
            |(stage, matrix): (usize, &GroupMatrix<F>)| (name(stage), matrix.weight().to_owned().into_dyn());
        self.stages.iter().enumerate().map(of).collect()
    }

    fn set_tensors(&mut self, tensors: &mut Tensors<F>) -> Result<()> {
        *self = Self::from_tensors(self.options(), tensors)?;
        Ok(())
    }

    fn save_state(&self, state: &mut State<F>) {
        for (stage, matrix) in self.stages.iter().enumerate() {
            matrix.save_state(&name(stage), state);
        }
    }

    fn load_state(&mut self, state: &mut State<F>) -> Result<()> {
        for (stage, matrix) in self.stages.iter_mut().enumerate() {
            matrix.load_state(&name(stage), state)?;
        }
        Ok(())
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        self.stages.iter().enumerate().flat_map(|(stage, matrix)| matrix.diagnostics(&name(stage))).collect()
    }

    fn duplicate(&self) -> Box<dyn Layer<F>> {
        Box::new(self.clone())
    }
}

/// Name of a stage's tensor.
pub(super) fn name(stage: usize) -> String {
    format!("stages.{stage}")
}
