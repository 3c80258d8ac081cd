//! Composition of layers.

use ndarray::{ArrayD, ArrayViewMut2};
use serde::{Deserialize, Serialize};

use crate::contract::{
    BuildContext, ForwardPass, In, Input, Kind, Layer, LayerSpec, Out, ParamGrad, Parametric, ParametricExt, Reads,
    Registry, Rule, Shape, StepReport, Tape, Tensors, Visit, VisitMut,
};
use crate::{LayerError, Real, Result};

/// `f = f_n ∘ … ∘ f_1`: a composition of layers. `log|det|` is the sum of theirs.
#[derive(Debug, Clone)]
pub struct Chain<F: Real> {
    layers: Vec<Box<dyn Layer<F>>>,
    /// Number of trained parameters of each layer.
    trained: Vec<usize>,
    conditions: usize,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    layers: Vec<LayerSpec>,
}

impl<F: Real> Chain<F> {
    /// The layers in the order in which they are applied to data.
    ///
    /// # Errors
    /// [`LayerError::Conditions`] if two of them read conditions of different widths.
    pub fn new(layers: Vec<Box<dyn Layer<F>>>) -> Result<Self> {
        let mut conditions = None;
        for actual in layers.iter().map(|layer| layer.conditions()).filter(|&conditions| conditions > 0) {
            let expected = *conditions.get_or_insert(actual);
            if expected != actual {
                return Err(LayerError::Conditions { expected, actual });
            }
        }
        let trained = layers.iter().map(|layer| layer.trained()).collect();
        Ok(Self { layers, trained, conditions: conditions.unwrap_or(0) })
    }

    /// Whether the tensors or options of a layer fix the number of features.
    pub fn fixes_features(&self) -> bool {
        // Layers that accept two widths fix none.
        self.shape(1.into()).is_err() || self.shape(2.into()).is_err()
    }

    /// The layers.
    pub fn layers(&self) -> &[Box<dyn Layer<F>>] {
        &self.layers
    }

    /// Restores a chain; layer `i` has its tensors under `i.`.
    ///
    /// # Errors
    /// Those of the layers.
    pub fn from_specs(specs: &[LayerSpec], tensors: &mut Tensors<F>, registry: &Registry<F>) -> Result<Self> {
        let layers = specs
            .iter()
            .enumerate()
            .map(|(index, spec)| tensors.scoped(&format!("{index}."), |tensors| registry.restore(spec, tensors)))
            .collect::<Result<Vec<_>>>()?;
        Self::new(layers)
    }

    /// Builds the layers of a description in order. Each sees the shape and the sample as they
    /// leave the preceding layers.
    ///
    /// # Errors
    /// Those of the layers.
    pub fn of_specs(specs: &[LayerSpec], context: &mut BuildContext<'_, F>, registry: &Registry<F>) -> Result<Self> {
        let mut layers = Vec::with_capacity(specs.len());
        for spec in specs {
            let layer = registry.build(spec, &mut context.behind(&layers)?)?;
            layers.push(layer);
        }
        Self::new(layers)
    }

    /// The layers' specifications.
    pub fn specs(&self) -> Vec<LayerSpec> {
        self.layers.iter().map(|layer| layer.spec()).collect()
    }

    /// The gradients of each layer. Zipping lists of different lengths would silently train only a
    /// prefix, so their number is checked.
    fn split<'g>(
        &self,
        grads: &'g mut [ParamGrad<F>],
    ) -> Result<impl Iterator<Item = &'g mut [ParamGrad<F>]> + use<'_, 'g, F>> {
        let (expected, actual) = (self.trained.iter().sum(), grads.len());
        if expected != actual {
            return Err(LayerError::Grads { expected, actual });
        }
        let mut left = grads;
        Ok(self.trained.iter().map(move |&count| {
            let (own, rest) = std::mem::take(&mut left).split_at_mut(count);
            left = rest;
            own
        }))
    }

    /// One pass in either direction, layer by layer through the buffers of the tape. A recorded
    /// forward pass keeps every activation and each layer's tape. Any other pass alternates between
    /// two buffers, and all layers share one tape, so its memory is that of the largest layer,
    /// whatever the depth.
    fn pass(
        &self,
        direction: Direction,
        input: Input<'_, F>,
        mut out: ArrayViewMut2<'_, F>,
        mut log_det: Option<&mut [f64]>,
        tape: &mut Tape<F>,
    ) -> Result<()> {
        let ((rows, columns), count) = (input.x.dim(), self.layers.len());
        if count == 0 {
            out.assign(&input.x);
            return Ok(());
        }
        let keep = direction == Direction::Forward && tape.is_recording();
        let slot = |position: usize| if keep { position } else { position % 2 };
        let own = |index: usize| if keep { index } else { 0 };
        let (between, tapes) = if keep { (count - 1, count) } else { ((count - 1).min(2), 1) };
        tape.reserve(between, tapes);
        let Tape { buffers, children, .. } = tape;
        for position in 0..count {
            let index = if direction == Direction::Forward { position } else { count - 1 - position };
            // Take the buffer that is read out of the list, so that another can be written.
            let source = position.checked_sub(1).map(slot);
            let read = source.map(|at| std::mem::take(&mut buffers[at]));
            let from = read.as_ref().map_or_else(|| input.reborrow(), |read| input.with(read.view()));
            let to = if position + 1 == count { out.view_mut() } else { buffers[slot(position)].shaped(rows, columns) };
            let (layer, log_det, child) = (&self.layers[index], log_det.as_deref_mut(), &mut children[own(index)]);
            match direction {
                Direction::Forward => layer.forward(from, to, log_det, child)?,
                Direction::Inverse => layer.inverse(from, to, log_det, child)?,
            }
            if let (Some(at), Some(read)) = (source, read) {
                buffers[at] = read;
            }
        }
        Ok(())
    }
}

/// Direction of a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Forward,
    Inverse,
}

impl<F: Real> Parametric<F> for Chain<F> {
    fn parameters(&self, visit: &mut Visit<'_, F>) -> Result<()> {
        self.layers.iter().enumerate().try_for_each(|(index, layer)| {
            layer.parameters(&mut |name, parameter| visit(&format_args!("{index}.{name}"), parameter))
        })
    }

    fn parameters_mut(&mut self, visit: &mut VisitMut<'_, F>) -> Result<()> {
        self.layers.iter_mut().enumerate().try_for_each(|(index, layer)| {
            layer.parameters_mut(&mut |name, parameter| visit(&format_args!("{index}.{name}"), parameter))
        })
    }

    fn direct(&self, rows: usize, reads: Reads, grads: &mut [ParamGrad<F>]) -> Result<()> {
        self.layers.iter().zip(self.split(grads)?).try_for_each(|(layer, grads)| layer.direct(rows, reads, grads))
    }

    fn norm_squared(&self, grads: &mut [ParamGrad<F>]) -> Result<f64> {
        let mut sum = 0.0;
        for (layer, grads) in self.layers.iter().zip(self.split(grads)?) {
            sum += layer.norm_squared(grads)?;
        }
        Ok(sum)
    }

    fn update(&mut self, rule: &mut dyn Rule<F>, grads: &mut [ParamGrad<F>]) -> Result<StepReport> {
        let mut report = StepReport::default();
        let (expected, actual) = (self.trained.iter().sum(), grads.len());
        if expected != actual {
            return Err(LayerError::Grads { expected, actual });
        }
        let mut left = grads;
        for (layer, &count) in self.layers.iter_mut().zip(&self.trained) {
            let (own, rest) = left.split_at_mut(count);
            report += layer.update(rule, own)?;
            left = rest;
        }
        Ok(report)
    }

    fn euclidean(&self, rows: usize, grads: &[ParamGrad<F>]) -> Result<Vec<(String, ArrayD<F>)>> {
        let (expected, actual) = (self.trained.iter().sum(), grads.len());
        if expected != actual {
            return Err(LayerError::Grads { expected, actual });
        }
        let (mut left, mut found) = (grads, Vec::new());
        for (index, (layer, &count)) in self.layers.iter().zip(&self.trained).enumerate() {
            let (own, rest) = left.split_at(count);
            let named = layer.euclidean(rows, own)?.into_iter();
            found.extend(named.map(|(name, value)| (format!("{index}.{name}"), value)));
            left = rest;
        }
        Ok(found)
    }
}

impl<F: Real> Kind<F> for Chain<F> {
    const KIND: &'static str = "chain";

    fn build(spec: &LayerSpec, context: &mut BuildContext<'_, F>, registry: &Registry<F>) -> Result<Self> {
        let Options { layers } = spec.parse()?;
        context.inside(|inside| Self::of_specs(&layers, inside, registry))
    }

    fn restore(spec: &LayerSpec, tensors: &mut Tensors<F>, registry: &Registry<F>) -> Result<Self> {
        let Options { layers } = spec.parse()?;
        Self::from_specs(&layers, tensors, registry)
    }
}

impl<F: Real> Layer<F> for Chain<F> {
    fn spec(&self) -> LayerSpec {
        LayerSpec::new(Self::KIND, &Options { layers: self.specs() })
    }

    fn shape(&self, input: Shape) -> Result<Shape> {
        self.layers.iter().try_fold(input, |shape, layer| layer.shape(shape))
    }

    fn conditions(&self) -> usize {
        self.conditions
    }

    fn forward(&self, input: Input<F>, y: Out<F>, log_det: Option<&mut [f64]>, tape: &mut Tape<F>) -> Result<()> {
        self.pass(Direction::Forward, input, y, log_det, tape)
    }

    fn inverse(&self, output: Input<F>, x: Out<F>, log_det: Option<&mut [f64]>, tape: &mut Tape<F>) -> Result<()> {
        self.pass(Direction::Inverse, output, x, log_det, tape)
    }

    fn backward(&self, at: ForwardPass<F>, dy: In<F>, dx: Option<Out<F>>, grads: &mut [ParamGrad<F>]) -> Result<()> {
        let ForwardPass { input, y, tape } = at;
        let ((rows, columns), count) = (input.x.dim(), self.layers.len());
        let (expected, actual) = (self.trained.iter().sum(), grads.len());
        if expected != actual {
            return Err(LayerError::Grads { expected, actual });
        }
        let Some(last) = count.checked_sub(1) else {
            if let Some(mut dx) = dx {
                dx.assign(&dy);
            }
            return Ok(());
        };
        for index in 0..last {
            tape.load(index, rows, columns)?;
        }
        // Two buffers behind the activations alternate in holding the gradient between layers.
        tape.reserve(last + 2, count);
        let Tape { buffers, children, .. } = tape;
        let (activations, gradients) = buffers.split_at_mut(last);
        let (even, odd) = gradients.split_at_mut(1);
        let (mut above, mut below) = (&mut even[0], &mut odd[0]);
        let (mut dx, mut left) = (dx, grads);
        // Layers before the first trained one (fixed preprocessing) need no gradient unless the
        // caller asks for `dx`.
        let learns = self.trained.iter().position(|&trained| trained > 0);
        let first = if dx.is_some() { 0 } else { learns.unwrap_or(count) };
        for index in (first..count).rev() {
            let at = ForwardPass {
                input: if index == 0 { input.reborrow() } else { input.with(activations[index - 1].view()) },
                y: if index == last { y.reborrow() } else { activations[index].view() },
                tape: &mut children[index],
            };
            let dy = if index == last { dy.reborrow() } else { above.view() };
            let out = if index == 0 {
                dx.take()
            } else if index == first && dx.is_none() {
                None
            } else {
                Some(below.shaped(rows, columns))
            };
            let (rest, own) = left.split_at_mut(left.len() - self.trained[index]);
            self.layers[index].backward(at, dy, out, own)?;
            left = rest;
            std::mem::swap(&mut above, &mut below);
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::combine::testing::Twice;

    /// Found by fuzzing: one tape for each of 216 wide layers took a gigabyte to score 32 rows.
    #[test]
    fn scoring_takes_no_more_the_deeper_it_goes() {
        let layer = || {
            let inner = (0..3).map(|_| Box::new(Twice) as Box<dyn Layer<f64>>).collect();
            Box::new(Chain::new(inner).unwrap()) as Box<dyn Layer<f64>>
        };
        let chain = Chain::new((0..50).map(|_| layer()).collect()).unwrap();
        let x = Array2::from_shape_fn((4, 2), |(i, j)| (i * 2 + j) as f64);
        let (mut y, mut tape) = (x.clone(), Tape::scratch());
        chain.forward(Input::from(&x), y.view_mut(), None, &mut tape).unwrap();
        chain.inverse(Input::from(&x), y.view_mut(), None, &mut tape).unwrap();
        assert_eq!((tape.buffers.len(), tape.children.len()), (2, 1));
        assert_eq!((tape.children[0].buffers.len(), tape.children[0].children.len()), (2, 1));
        // A backward pass reads the activations of every layer.
        let mut tape = Tape::recording();
        chain.forward(Input::from(&x), y.view_mut(), None, &mut tape).unwrap();
        assert_eq!((tape.buffers.len(), tape.children.len()), (49, 50));
        assert_eq!((tape.children[49].buffers.len(), tape.children[49].children.len()), (2, 3));
    }
}
