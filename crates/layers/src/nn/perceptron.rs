//! The multilayer perceptron.

use pdmap_core::contract::{In, ModuleContext, Out};
use pdmap_core::{Buffer, LayerError, LayerSpec, Module, ParamGrad, Parametric, Real, Result, Tape, check};
use serde::{Deserialize, Serialize};

use super::degrees::{Degrees, Units, mask};
use super::linear::{Linear, Maps, Sizes, Start};
use super::swish::{swish, swish_gradient};

/// `a ← W a + b` from layer to layer, with swish activations in between. Hidden weights are drawn
/// with variance `2/inputs`; the initial output is a constant. The first layer may have one bias
/// per position.
#[derive(Debug, Clone)]
pub struct Perceptron<F> {
    pub(super) maps: Maps<F>,
    pub(super) hidden: Vec<usize>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    /// Widths of the hidden layers.
    #[serde(default = "hidden")]
    hidden: Vec<usize>,
}

fn hidden() -> Vec<usize> {
    vec![64]
}

/// Maximum number of hidden layers, and of units per layer.
const MOST_HIDDEN: usize = 5;
const MOST_UNITS: usize = 1 << 14;

/// Buffers of a hidden layer: `z` and `a`.
fn of_hidden(index: usize) -> [usize; 2] {
    [2 * index, 2 * index + 1]
}

impl<F: Real> Perceptron<F> {
    /// Name in the registry.
    pub const KIND: &'static str = "perceptron";

    /// A network with hidden layers of the given widths.
    ///
    /// # Errors
    /// [`LayerError::Range`] for too many or too wide layers; tensors that are missing or
    /// misshapen.
    pub fn new(hidden: &[usize], context: ModuleContext<'_, F>) -> Result<Self> {
        Self::with(hidden, None, context)
    }

    /// The same with masked weights: each output reads only what its degree allows.
    ///
    /// # Errors
    /// As [`new`](Self::new); [`LayerError::Masked`].
    pub(super) fn with(hidden: &[usize], degrees: Option<Degrees>, context: ModuleContext<'_, F>) -> Result<Self> {
        check_hidden(hidden)?;
        let ModuleContext { inputs, positions, start, mut parameters, .. } = context;
        let outputs = start.len();
        let sizes: Vec<usize> = std::iter::once(inputs).chain(hidden.iter().copied()).chain([outputs]).collect();
        let (last, mut start) = (hidden.len(), Some(start));
        let units = |index: usize| if index == 0 { Units::Inputs } else { Units::Hidden(sizes[index]) };
        let maps = sizes.windows(2).enumerate().map(|(index, pair)| {
            let start = if index == last { start.take() } else { None };
            let start = start.map_or(Start::Random { gain: 2.0 }, Start::Constant);
            let positions = if index == 0 && last > 0 { positions } else { 1 };
            let to = if index == last { Units::Outputs(outputs) } else { Units::Hidden(pair[1]) };
            let mask = mask(degrees, units(index), to);
            Linear::make(index, Sizes { inputs: pair[0], outputs: pair[1], positions, mask }, start, &mut parameters)
        });
        Ok(Self { maps: Maps(maps.collect::<Result<_>>()?), hidden: hidden.to_vec() })
    }

    pub(super) fn build(spec: &LayerSpec, context: ModuleContext<'_, F>) -> Result<Box<dyn Module<F>>> {
        Ok(Box::new(Self::parsed(spec, None, context)?))
    }

    /// From a specification, with masks for the given degrees.
    pub(super) fn parsed(spec: &LayerSpec, degrees: Option<Degrees>, context: ModuleContext<'_, F>) -> Result<Self> {
        let Options { hidden } = spec.parse()?;
        Self::with(&hidden, degrees, context)
    }

    /// The network as data, before it is built.
    pub fn spec_of(hidden: &[usize]) -> LayerSpec {
        LayerSpec::new(Self::KIND, &Options { hidden: hidden.to_vec() })
    }
}

/// Checks that the widths are in their ranges.
fn check_hidden(hidden: &[usize]) -> Result<()> {
    if hidden.len() > MOST_HIDDEN {
        let value = hidden.len() as f64;
        return Err(LayerError::Range { what: "hidden layers", value, range: "at most 5" });
    }
    match hidden.iter().find(|&&units| !(1..=MOST_UNITS).contains(&units)) {
        Some(&units) => {
            let value = units as f64;
            Err(LayerError::Range { what: "units of a hidden layer", value, range: "in [1, 16384]" })
        }
        None => Ok(()),
    }
}

impl<F: Real> Parametric<F> for Perceptron<F> {
    pdmap_core::delegate_parameters!(F, maps);
}

impl<F: Real> Module<F> for Perceptron<F> {
    fn spec(&self) -> LayerSpec {
        Self::spec_of(&self.hidden)
    }

    fn outputs(&self, inputs: usize) -> Result<usize> {
        let (first, last) = (self.maps.first(), self.maps.last());
        check::features("input of a network", first.map_or(inputs, |map| map.dim().1), inputs)?;
        Ok(last.map_or(inputs, |map| map.dim().0))
    }

    fn forward(&self, input: In<F>, mut output: Out<F>, tape: &mut Tape<F>) -> Result<()> {
        tape.reserve(2 * self.hidden.len(), 0);
        let (rows, buffers) = (input.nrows(), &mut tape.buffers[..]);
        for (index, map) in self.maps.iter().enumerate() {
            let (done, rest) = buffers.split_at_mut(of_hidden(index)[0]);
            let from = match index.checked_sub(1) {
                None => input.reborrow(),
                Some(before) => done[of_hidden(before)[1]].view(),
            };
            if index == self.hidden.len() {
                map.apply(from, output.view_mut())?;
            } else {
                let [z, a, ..] = rest else { return Err(LayerError::Tape { index: of_hidden(index)[1] }) };
                let width = map.dim().0;
                map.apply(from, z.shaped(rows, width))?;
                swish(z.view(), a.shaped(rows, width))?;
            }
        }
        Ok(())
    }

    fn backward(
        &self,
        input: In<F>,
        by_output: In<F>,
        mut by_input: Option<Out<F>>,
        tape: &mut Tape<F>,
        grads: &mut [ParamGrad<F>],
    ) -> Result<()> {
        let (expected, actual) = (2 * self.maps.len(), grads.len());
        let pairs = grads.as_chunks_mut::<2>().0;
        if expected != actual || tape.buffers.len() < 2 * self.hidden.len() {
            return Err(LayerError::Grads { expected, actual });
        }
        let (rows, buffers) = (input.nrows(), &mut tape.buffers[..]);
        for ((index, map), pair) in self.maps.iter().enumerate().zip(pairs).rev() {
            // z of this layer, to be overwritten by its gradient, and the activation before it.
            let (done, rest) = buffers.split_at_mut(of_hidden(index)[0]);
            let by = if index == self.hidden.len() { by_output.reborrow() } else { rest[0].view() };
            let Some(before) = index.checked_sub(1) else {
                map.backward(input.reborrow(), by, by_input.take(), pair)?;
                continue;
            };
            let (z, a) = two(done, of_hidden(before))?;
            map.backward(a.view(), by.reborrow(), None, pair)?;
            // The gradient by the activation overwrites the activation, then that by z overwrites
            // z.
            let inputs = map.dim().1;
            map.pull_back(by, a.shaped(rows, inputs))?;
            swish_gradient(z.shaped(rows, inputs), a.view())?;
        }
        Ok(())
    }
}

/// Two consecutive buffers.
fn two<F>(buffers: &mut [Buffer<F>], [first, _]: [usize; 2]) -> Result<(&mut Buffer<F>, &mut Buffer<F>)> {
    match buffers.get_mut(first..) {
        Some([a, b, ..]) => Ok((a, b)),
        _ => Err(LayerError::Tape { index: first }),
    }
}
