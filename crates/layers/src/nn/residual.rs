//! A network of residual blocks.

use pdmap_core::contract::{In, ModuleContext, Out};
use pdmap_core::{LayerError, LayerSpec, Module, ParamGrad, Parametric, Real, Result, Tape, check, parallel};
use serde::{Deserialize, Serialize};

use super::degrees::{Degrees, Units, mask};
use super::linear::{Linear, Maps, Sizes, Start};
use super::swish::{swish, swish_gradient};

/// `h₀ = W x + b`, then `h ← h + B (A s(h) + a) + b` for each block with the swish `s`, and a
/// linear map of `s(h)`: residual blocks with pre-activation (He et al. 2016, "Identity mappings in
/// deep residual networks", without the second activation). The initial output is a constant. The
/// first layer may have one bias per position.
#[derive(Debug, Clone)]
pub struct Residual<F> {
    /// The first map, two maps for each block, the last map.
    pub(super) maps: Maps<F>,
    pub(super) options: Options,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Options {
    /// Units of every layer.
    #[serde(default = "width")]
    pub(super) width: usize,
    /// Residual blocks.
    #[serde(default = "blocks")]
    pub(super) blocks: usize,
}

fn width() -> usize {
    64
}

fn blocks() -> usize {
    2
}

/// Maximum number of units and of blocks.
const MOST_UNITS: usize = 1 << 14;
const MOST_BLOCKS: usize = 32;

impl<F: Real> Residual<F> {
    /// Name in the registry.
    pub const KIND: &'static str = "residual";

    /// A network of `blocks` residual blocks of `width` units.
    ///
    /// # Errors
    /// [`LayerError::Range`] for widths and numbers of blocks outside their ranges; tensors that
    /// are missing or misshapen.
    pub fn new(width: usize, blocks: usize, context: ModuleContext<'_, F>) -> Result<Self> {
        Self::with(Options { width, blocks }, None, context)
    }

    /// The same with masked weights: each output reads only what its degree allows. All hidden
    /// layers have the same degrees, so that a sum of two reads what each of them does.
    fn with(options: Options, degrees: Option<Degrees>, context: ModuleContext<'_, F>) -> Result<Self> {
        let Options { width, blocks } = options;
        let within = |what, value: usize, most, range| match value {
            value if (1..=most).contains(&value) => Ok(()),
            value => Err(LayerError::Range { what, value: value as f64, range }),
        };
        within("width of a residual network", width, MOST_UNITS, "in [1, 16384]")?;
        within("blocks of a residual network", blocks, MOST_BLOCKS, "in [1, 32]")?;
        let ModuleContext { inputs, positions, start, mut parameters, .. } = context;
        let (outputs, last) = (start.len(), 2 * blocks + 1);
        let mut maps = Vec::with_capacity(last + 1);
        for index in 0..last {
            let (from, inputs, positions) =
                if index == 0 { (Units::Inputs, inputs, positions) } else { (Units::Hidden(width), width, 1) };
            // Each block adds to h; a gain of 1/blocks keeps the power of h bounded for any number
            // of blocks.
            let gain = if index > 0 && index % 2 == 0 { 1.0 / blocks as f64 } else { 2.0 };
            let mask = mask(degrees, from, Units::Hidden(width));
            let sizes = Sizes { inputs, outputs: width, positions, mask };
            maps.push(Linear::make(index, sizes, Start::Random { gain }, &mut parameters)?);
        }
        let mask = mask(degrees, Units::Hidden(width), Units::Outputs(outputs));
        let sizes = Sizes { inputs: width, outputs, positions: 1, mask };
        maps.push(Linear::make(last, sizes, Start::Constant(start), &mut parameters)?);
        Ok(Self { maps: Maps(maps), options })
    }

    pub(super) fn build(spec: &LayerSpec, context: ModuleContext<'_, F>) -> Result<Box<dyn Module<F>>> {
        Ok(Box::new(Self::parsed(spec, None, context)?))
    }

    /// From a specification, with masks for the given degrees.
    pub(super) fn parsed(spec: &LayerSpec, degrees: Option<Degrees>, context: ModuleContext<'_, F>) -> Result<Self> {
        Self::with(spec.parse()?, degrees, context)
    }
}

/// Buffers of the tape: the gradient by `h` and a scratch buffer; then `h` and `s(h)` before each
/// block and after the last, and `A s(h) + a` of each block.
const BY_H: usize = 0;
const BETWEEN: usize = 1;

fn h(block: usize) -> usize {
    2 + 3 * block
}

impl<F: Real> Parametric<F> for Residual<F> {
    pdmap_core::delegate_parameters!(F, maps);
}

impl<F: Real> Module<F> for Residual<F> {
    fn spec(&self) -> LayerSpec {
        LayerSpec::new(Self::KIND, &self.options)
    }

    fn outputs(&self, inputs: usize) -> Result<usize> {
        let (first, last) = (self.maps.first(), self.maps.last());
        check::features("input of a network", first.map_or(inputs, |map| map.dim().1), inputs)?;
        Ok(last.map_or(inputs, |map| map.dim().0))
    }

    fn forward(&self, input: In<F>, output: Out<F>, tape: &mut Tape<F>) -> Result<()> {
        let (rows, Options { width, blocks }) = (input.nrows(), self.options);
        tape.reserve(h(blocks) + 3, 0);
        self.maps[0].apply(input, tape.buffers[h(0)].shaped(rows, width))?;
        for block in 0..blocks {
            let (here, next) = tape.buffers.split_at_mut(h(block + 1));
            let [h, s, inner] = &mut here[h(block)..] else { return Err(LayerError::Tape { index: block }) };
            swish(h.view(), s.shaped(rows, width))?;
            self.maps[2 * block + 1].apply(s.view(), inner.shaped(rows, width))?;
            let mut sum = next[0].shaped(rows, width);
            self.maps[2 * block + 2].apply(inner.view(), sum.view_mut())?;
            parallel::add(check::slice_mut("residual", &mut sum)?, check::slice("residual", &h.view())?);
        }
        let [h, s, ..] = &mut tape.buffers[h(blocks)..] else {
            return Err(LayerError::Tape { index: blocks });
        };
        swish(h.view(), s.shaped(rows, width))?;
        self.maps[2 * blocks + 1].apply(s.view(), output)
    }

    fn backward(
        &self,
        input: In<F>,
        by_output: In<F>,
        by_input: Option<Out<F>>,
        tape: &mut Tape<F>,
        grads: &mut [ParamGrad<F>],
    ) -> Result<()> {
        let (rows, Options { width, blocks }) = (input.nrows(), self.options);
        let (expected, actual) = (2 * self.maps.len(), grads.len());
        let pairs = grads.as_chunks_mut::<2>().0;
        if expected != actual || tape.buffers.len() < h(blocks) + 3 {
            return Err(LayerError::Grads { expected, actual });
        }
        let (scratch, recorded) = tape.buffers.split_at_mut(h(0));
        let [by_h, between] = scratch else { return Err(LayerError::Tape { index: BETWEEN }) };
        // Through the last map and activation.
        let [h_last, s_last, ..] = &mut recorded[3 * blocks..] else {
            return Err(LayerError::Tape { index: BY_H });
        };
        let last = 2 * blocks + 1;
        self.maps[last].backward(s_last.view(), by_output, Some(by_h.shaped(rows, width)), &mut pairs[last])?;
        swish_gradient(h_last.shaped(rows, width), by_h.view())?;
        by_h.shaped(rows, width).assign(&h_last.view());
        for block in (0..blocks).rev() {
            let [h, s, inner, ..] = &mut recorded[3 * block..] else {
                return Err(LayerError::Tape { index: block });
            };
            let (first, second) = (2 * block + 1, 2 * block + 2);
            let by_inner = Some(between.shaped(rows, width));
            self.maps[second].backward(inner.view(), by_h.view(), by_inner, &mut pairs[second])?;
            let by_s = Some(inner.shaped(rows, width));
            self.maps[first].backward(s.view(), between.view(), by_s, &mut pairs[first])?;
            swish_gradient(h.shaped(rows, width), inner.view())?;
            let mut sum = by_h.shaped(rows, width);
            parallel::add(check::slice_mut("residual", &mut sum)?, check::slice("residual", &h.view())?);
        }
        self.maps[0].backward(input, by_h.view(), by_input, &mut pairs[0])
    }
}
