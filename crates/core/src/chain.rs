//! Layers one after the other.

use ndarray::{ArrayD, ArrayView2, ArrayViewMut2};
use serde::{Deserialize, Serialize};

use crate::optim::{StepReport, UpdateRule};
use crate::{
    Diagnostic, Fresh, Input, Layer, LayerError, LayerGrads, LayerSpec, Real, Recorded, Registry, Result,
    State, Tape, Tensors, check,
};

/// `f = f_n ∘ … ∘ f_1`: a layer made of layers.
#[derive(Debug, Clone)]
pub struct Chain<F: Real> {
    layers: Vec<Box<dyn Layer<F>>>,
    features: Option<usize>,
    conditions: usize,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    layers: Vec<LayerSpec>,
}

impl<F: Real> Chain<F> {
    /// Name in the registry.
    pub const KIND: &'static str = "chain";

    /// The layers in the order in which they are applied to data.
    ///
    /// # Errors
    /// [`LayerError::Features`] where two of them disagree.
    pub fn new(layers: Vec<Box<dyn Layer<F>>>) -> Result<Self> {
        let mut features = None;
        for actual in layers.iter().filter_map(|layer| layer.features()) {
            check::features("layer", *features.get_or_insert(actual), actual)?;
        }
        let mut conditions = None;
        for actual in layers.iter().map(|layer| layer.conditions()).filter(|&conditions| conditions > 0) {
            let expected = *conditions.get_or_insert(actual);
            if expected != actual {
                return Err(LayerError::Conditions { expected, actual });
            }
        }
        Ok(Self { layers, features, conditions: conditions.unwrap_or(0) })
    }

    /// The layers.
    pub fn layers(&self) -> &[Box<dyn Layer<F>>] {
        &self.layers
    }

    pub(crate) fn restore(
        spec: &LayerSpec,
        tensors: &mut Tensors<F>,
        registry: &Registry<F>,
    ) -> Result<Box<dyn Layer<F>>> {
        let Options { layers } = spec.parse()?;
        Ok(Box::new(Self::from_specs(&layers, tensors, registry)?))
    }

    /// Builds a chain whose layer `i` has its tensors under `i.`.
    ///
    /// # Errors
    /// Those of the layers.
    pub fn from_specs(specs: &[LayerSpec], tensors: &mut Tensors<F>, registry: &Registry<F>) -> Result<Self> {
        let layers = specs
            .iter()
            .enumerate()
            .map(|(index, spec)| {
                tensors.scoped(&format!("{index}."), |tensors| registry.restore(spec, tensors))
            })
            .collect::<Result<Vec<_>>>()?;
        Self::new(layers)
    }

    /// Makes the layers of a description one after the other; each sees the sample as the layers before it map it.
    ///
    /// # Errors
    /// Those of the layers.
    pub fn build(specs: &[LayerSpec], fresh: &mut Fresh<'_, F>, registry: &Registry<F>) -> Result<Self> {
        let mut layers = Vec::with_capacity(specs.len());
        for spec in specs {
            let layer = registry.build(spec, &mut fresh.behind(&layers))?;
            layers.push(layer);
        }
        Self::new(layers)
    }

    pub(crate) fn build_boxed(
        spec: &LayerSpec,
        fresh: &mut Fresh<'_, F>,
        registry: &Registry<F>,
    ) -> Result<Box<dyn Layer<F>>> {
        let Options { layers } = spec.parse()?;
        fresh.inside(|inside| Ok(Box::new(Self::build(&layers, inside, registry)?) as Box<dyn Layer<F>>))
    }

    /// The layers' specifications.
    pub fn specs(&self) -> Vec<LayerSpec> {
        self.layers.iter().map(|layer| layer.spec()).collect()
    }

    /// Gradients of this chain: a `zip` with those of another would train a part of it without a word.
    fn check_grads(&self, grads: &LayerGrads<F>) -> Result<()> {
        let (expected, actual) = (self.layers.len(), grads.children.len());
        if expected == actual { Ok(()) } else { Err(LayerError::Grads { expected, actual }) }
    }

    fn check(&self, from: (usize, usize), to: (usize, usize), log_det: Option<&[f64]>) -> Result<()> {
        check::features("input", self.features.unwrap_or(from.1), from.1)?;
        check::shape("output", from, to)?;
        check::log_det(from.0, log_det)
    }

    /// One pass either way: layer by layer through the buffers of the tape. A recorded forward pass keeps every intermediate and each layer's tape;
    /// any other alternates between two buffers, and all layers use one tape: it takes what the largest of them takes, however deep the flow is.
    fn pass(
        &self,
        way: Way,
        input: Input<'_, F>,
        mut out: ArrayViewMut2<'_, F>,
        mut log_det: Option<&mut [f64]>,
        tape: &mut Tape<F>,
    ) -> Result<()> {
        self.check(input.x.dim(), out.dim(), log_det.as_deref())?;
        let ((rows, columns), count) = (input.x.dim(), self.layers.len());
        if count == 0 {
            out.assign(&input.x);
            return Ok(());
        }
        let keep = way == Way::Forward && tape.is_recording();
        let slot = |position: usize| if keep { position } else { position % 2 };
        let own = |index: usize| if keep { index } else { 0 };
        let (between, tapes) = if keep { (count - 1, count) } else { ((count - 1).min(2), 1) };
        tape.reserve(between, tapes);
        let Tape { buffers, children, .. } = tape;
        for position in 0..count {
            let index = if way == Way::Forward { position } else { count - 1 - position };
            // The buffer that is read is taken out for the while, so that another may be written.
            let source = position.checked_sub(1).map(slot);
            let read = source.map(|at| std::mem::take(&mut buffers[at]));
            let from = read.as_ref().map_or_else(|| input.reborrow(), |read| input.with(read.view()));
            let to = if position + 1 == count {
                out.view_mut()
            } else {
                buffers[slot(position)].shaped(rows, columns)
            };
            let (layer, log_det, child) =
                (&self.layers[index], log_det.as_deref_mut(), &mut children[own(index)]);
            match way {
                Way::Forward => layer.forward(from, to, log_det, child)?,
                Way::Inverse => layer.inverse(from, to, log_det, child)?,
            }
            if let (Some(at), Some(read)) = (source, read) {
                buffers[at] = read;
            }
        }
        Ok(())
    }
}

/// Which way a pass goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Forward,
    Inverse,
}

impl<F: Real> Layer<F> for Chain<F> {
    fn spec(&self) -> LayerSpec {
        LayerSpec::new(Self::KIND, &Options { layers: self.specs() })
    }

    fn features(&self) -> Option<usize> {
        self.features
    }

    fn conditions(&self) -> usize {
        self.conditions
    }

    fn forward(
        &self,
        input: Input<'_, F>,
        y: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        tape: &mut Tape<F>,
    ) -> Result<()> {
        self.pass(Way::Forward, input, y, log_det, tape)
    }

    fn inverse(
        &self,
        output: Input<'_, F>,
        x: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        tape: &mut Tape<F>,
    ) -> Result<()> {
        self.pass(Way::Inverse, output, x, log_det, tape)
    }

    fn backward(
        &self,
        at: Recorded<'_, F>,
        dy: ArrayView2<'_, F>,
        dx: Option<ArrayViewMut2<'_, F>>,
        grads: &mut LayerGrads<F>,
    ) -> Result<()> {
        let Recorded { input, y, tape } = at;
        let ((rows, columns), count) = (input.x.dim(), self.layers.len());
        check::shape("gradient of the output", (rows, columns), dy.dim())?;
        self.check_grads(grads)?;
        grads.rows += rows;
        let Some(last) = count.checked_sub(1) else {
            if let Some(mut dx) = dx {
                dx.assign(&dy);
            }
            return Ok(());
        };
        for index in 0..last {
            tape.load(index, rows, columns)?;
        }
        // Behind the activations, two buffers take turns in holding the gradient between layers.
        tape.reserve(last + 2, count);
        let Tape { buffers, children, .. } = tape;
        let (activations, gradients) = buffers.split_at_mut(last);
        let (even, odd) = gradients.split_at_mut(1);
        let (mut above, mut below) = (&mut even[0], &mut odd[0]);
        let mut dx = dx;
        // Below the first layer that learns (fixed preprocessing) nobody asks for a gradient, unless the caller does.
        let learns = grads.children.iter().position(|child| !child.is_empty());
        let first = if dx.is_some() { 0 } else { learns.unwrap_or(count) };
        for index in (first..count).rev() {
            let at = Recorded {
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
            self.layers[index].backward(at, dy, out, &mut grads.children[index])?;
            std::mem::swap(&mut above, &mut below);
        }
        Ok(())
    }

    fn new_grads(&self) -> LayerGrads<F> {
        let children = self.layers.iter().map(|layer| layer.new_grads()).collect();
        LayerGrads { children, ..LayerGrads::default() }
    }

    fn direct(&self, grads: &mut LayerGrads<F>) -> Result<()> {
        self.check_grads(grads)?;
        self.layers.iter().zip(&mut grads.children).try_for_each(|(layer, grads)| layer.direct(grads))
    }

    fn update(&mut self, rule: &mut dyn UpdateRule<F>, grads: &mut LayerGrads<F>) -> Result<StepReport> {
        self.check_grads(grads)?;
        let mut report = StepReport::default();
        for (layer, grads) in self.layers.iter_mut().zip(&mut grads.children) {
            report += layer.update(rule, grads)?;
        }
        Ok(report)
    }

    fn gradients(&self, grads: &LayerGrads<F>) -> Result<Vec<(String, ArrayD<F>)>> {
        self.check_grads(grads)?;
        let mut all = Vec::new();
        for (index, (layer, grads)) in self.layers.iter().zip(&grads.children).enumerate() {
            all.extend(prefixed(index, layer.gradients(grads)?));
        }
        Ok(all)
    }

    fn tensors(&self) -> Vec<(String, ArrayD<F>)> {
        self.layers.iter().enumerate().flat_map(|(index, layer)| prefixed(index, layer.tensors())).collect()
    }

    fn set_tensors(&mut self, tensors: &mut Tensors<F>) -> Result<()> {
        for (index, layer) in self.layers.iter_mut().enumerate() {
            tensors.scoped(&format!("{index}."), |tensors| layer.set_tensors(tensors))?;
        }
        Ok(())
    }

    fn save_state(&self, state: &mut State<F>) {
        for (index, layer) in self.layers.iter().enumerate() {
            state.scoped(&format!("{index}."), |state| layer.save_state(state));
        }
    }

    fn load_state(&mut self, state: &mut State<F>) -> Result<()> {
        for (index, layer) in self.layers.iter_mut().enumerate() {
            state.scoped(&format!("{index}."), |state| layer.load_state(state))?;
        }
        Ok(())
    }

    fn diagnostics(&self) -> Vec<Diagnostic> {
        let mut all = Vec::new();
        for (index, layer) in self.layers.iter().enumerate() {
            let found = layer.diagnostics().into_iter();
            all.extend(found.map(|d| Diagnostic { name: format!("{index}.{}", d.name), ..d }));
        }
        all
    }

    fn duplicate(&self) -> Box<dyn Layer<F>> {
        Box::new(self.clone())
    }
}

fn prefixed<T>(index: usize, named: Vec<(String, T)>) -> impl Iterator<Item = (String, T)> {
    named.into_iter().map(move |(name, value)| (format!("{index}.{name}"), value))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::diagonal::Shift;

    /// Found by fuzzing: a tape for each of 216 wide layers took a gigabyte to score 32 rows.
    #[test]
    fn scoring_takes_no_more_the_deeper_it_goes() {
        let layer = || {
            let inner = (0..3).map(|_| Box::new(Shift::zero(2)) as Box<dyn Layer<f64>>).collect();
            Box::new(Chain::new(inner).unwrap()) as Box<dyn Layer<f64>>
        };
        let chain = Chain::new((0..50).map(|_| layer()).collect()).unwrap();
        let x = Array2::from_shape_fn((4, 2), |(i, j)| (i * 2 + j) as f64);
        let (mut y, mut tape) = (x.clone(), Tape::scratch());
        chain.forward(Input::from(&x), y.view_mut(), None, &mut tape).unwrap();
        chain.inverse(Input::from(&x), y.view_mut(), None, &mut tape).unwrap();
        assert_eq!((tape.buffers.len(), tape.children.len()), (2, 1));
        assert_eq!((tape.children[0].buffers.len(), tape.children[0].children.len()), (2, 1));
        // A backward pass reads what every layer left.
        let mut tape = Tape::recording();
        chain.forward(Input::from(&x), y.view_mut(), None, &mut tape).unwrap();
        assert_eq!((tape.buffers.len(), tape.children.len()), (49, 50));
        assert_eq!((tape.children[49].buffers.len(), tape.children[49].children.len()), (2, 3));
    }
}
