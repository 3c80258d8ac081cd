//! Networks with masked weights, and their evaluation degree by degree.

use std::ops::Range;

use ndarray::{Array1, ArrayView2, ArrayViewMut2, Axis, Slice};
use pdmap_core::contract::{ModuleContext, ModuleParameters};
use pdmap_core::linalg::{Add, gemm};
use pdmap_core::{Buffer, LayerError, LayerSpec, Module, Parametric, Real, Result, Tape, check, parallel};

use super::degrees::{Degrees, Units};
use super::linear::Linear;
use super::perceptron::Perceptron;
use super::residual::Residual;
use super::swish::swish;

/// A network whose outputs for one position depend on the condition and the features before that
/// position (Germain et al. 2015).
///
/// As a [`Module`] it computes all outputs at once. An inverse learns one feature at a time: it
/// [begins](Self::begin) a tape, then [advances](Self::advance) by the hidden units of one degree
/// after the other and reads the [outputs](Self::outputs) of one position. Each unit is computed
/// once, so all positions together cost as much as one pass of the module.
#[derive(Debug, Clone)]
pub(crate) struct MaskedNetwork<F> {
    degrees: Degrees,
    network: Kind<F>,
}

#[derive(Debug, Clone)]
enum Kind<F> {
    Perceptron(Perceptron<F>),
    Residual(Residual<F>),
}

/// Buffers of an evaluation by degree, all transposed: pre-activations, the sum of residual blocks,
/// weights of one position; then the activations `[units, rows]` of each layer.
const WEIGHT: usize = 2;
const ACTIVATIONS: usize = 3;

impl<F: Real> MaskedNetwork<F> {
    /// A network of the given kind. `start` is the initial output.
    ///
    /// # Errors
    /// A kind without masks; options outside their ranges; tensors that are missing, misshapen or
    /// not 0 where they are masked.
    pub(crate) fn new(
        spec: &LayerSpec,
        degrees: Degrees,
        start: Array1<F>,
        parameters: ModuleParameters<'_, F>,
    ) -> Result<Self> {
        let context = ModuleContext::new(degrees.inputs(), 1, start, parameters);
        let network = match spec.kind.as_str() {
            Perceptron::<F>::KIND => Kind::Perceptron(Perceptron::parsed(spec, Some(degrees), context)?),
            Residual::<F>::KIND => Kind::Residual(Residual::parsed(spec, Some(degrees), context)?),
            _ => {
                let reason = "only the networks \"perceptron\" and \"residual\" have masks";
                return Err(LayerError::NotBuildable { kind: spec.kind.clone(), reason });
            }
        };
        Ok(Self { degrees, network })
    }

    /// The network as a module.
    pub(crate) fn module(&self) -> &dyn Module<F> {
        match &self.network {
            Kind::Perceptron(network) => network,
            Kind::Residual(network) => network,
        }
    }

    fn maps(&self) -> &[Linear<F>] {
        match &self.network {
            Kind::Perceptron(network) => &network.maps,
            Kind::Residual(network) => &network.maps,
        }
    }

    /// Width of each layer whose activations an evaluation by degree keeps.
    fn widths(&self) -> impl Iterator<Item = usize> {
        let (hidden, width, count) = match &self.network {
            Kind::Perceptron(network) => (&network.hidden[..], 0, network.hidden.len()),
            Kind::Residual(network) => (&[][..], network.options.width, 2 * network.options.blocks + 1),
        };
        (0..count).map(move |index| hidden.get(index).copied().unwrap_or(width))
    }

    /// Starts an evaluation by degree of `rows` rows.
    pub(crate) fn begin(&self, rows: usize, tape: &mut Tape<F>) {
        tape.reserve(ACTIVATIONS + self.widths().count(), 0);
        // A weight of 0 on an activation that is not known yet must give 0.
        let buffers = tape.buffers[ACTIVATIONS..].iter_mut();
        buffers.zip(self.widths()).for_each(|(buffer, width)| buffer.shaped(width, rows).fill(F::zero()));
    }

    /// Computes the hidden units of `degree` from transposed inputs `[inputs, rows]`, of which
    /// those up to this degree are known and the others finite. Units of lower degrees must be
    /// there.
    ///
    /// # Errors
    /// A tape that was not begun.
    pub(crate) fn advance(&self, degree: usize, inputs: ArrayView2<'_, F>, tape: &mut Tape<F>) -> Result<()> {
        let rows = inputs.ncols();
        let kept = ACTIVATIONS.min(tape.buffers.len());
        let (scratch, activations) = tape.buffers.split_at_mut(kept);
        let [z, h, ..] = scratch else { return Err(LayerError::Tape { index: WEIGHT }) };
        let units = |width| self.units(width, degree);
        match &self.network {
            Kind::Perceptron(network) => {
                for (index, (map, &width)) in network.maps.iter().zip(&network.hidden).enumerate() {
                    let units = units(width);
                    let (before, after) = activations.split_at_mut(index);
                    let from = before.last().map_or_else(|| inputs.reborrow(), Buffer::view);
                    map.apply_transposed(units.clone(), from, z.shaped(units.len(), rows))?;
                    activate(z, rows_of(after, width, rows)?, units)?;
                }
            }
            Kind::Residual(network) => {
                let width = network.options.width;
                let units = units(width);
                network.maps[0].apply_transposed(units.clone(), inputs, h.shaped(units.len(), rows))?;
                let mut activations = activations;
                for maps in network.maps[1..].chunks_exact(2) {
                    let Some(([s, inner], rest)) = activations.split_first_chunk_mut::<2>() else {
                        return Err(LayerError::Tape { index: ACTIVATIONS });
                    };
                    activate(h, s.shaped(width, rows), units.clone())?;
                    let mut to = inner.shaped(width, rows);
                    maps[0].apply_transposed(
                        units.clone(),
                        s.view(),
                        to.slice_axis_mut(Axis(0), Slice::from(units.clone())),
                    )?;
                    maps[1].apply_transposed(units.clone(), inner.view(), z.shaped(units.len(), rows))?;
                    let mut sum = h.shaped(units.len(), rows);
                    parallel::add(check::slice_mut("residual", &mut sum)?, check::slice("residual", &z.view())?);
                    activations = rest;
                }
                activate(h, rows_of(activations, width, rows)?, units)?;
            }
        }
        Ok(())
    }

    /// The outputs for `position`, from 0, in `to` of shape `[rows, outputs per position]`. Hidden
    /// units of degrees up to `position` must be there.
    ///
    /// # Errors
    /// A tape that was not begun.
    pub(crate) fn outputs(
        &self,
        position: usize,
        inputs: ArrayView2<'_, F>,
        mut to: ArrayViewMut2<'_, F>,
        tape: &mut Tape<F>,
    ) -> Result<()> {
        let Some(map) = self.maps().last() else { return Err(LayerError::NoFeatures) };
        let own = |index: usize| index * self.degrees.features + position;
        let (each, layers) = (to.ncols(), self.widths().count());
        let kept = ACTIVATIONS.min(tape.buffers.len());
        let (scratch, activations) = tape.buffers.split_at_mut(kept);
        let from = match layers.checked_sub(1) {
            None => inputs,
            Some(last) => activations.get(last).ok_or(LayerError::Tape { index: ACTIVATIONS + last })?.view(),
        };
        let weight = scratch.get_mut(WEIGHT).ok_or(LayerError::Tape { index: WEIGHT })?;
        let mut rows = weight.shaped(each, map.dim().1);
        for (index, mut row) in rows.rows_mut().into_iter().enumerate() {
            row.assign(&map.weight.values().row(own(index)));
        }
        gemm(F::one(), from.t(), weight.view().t(), Add::No, to.view_mut())?;
        let bias = map.bias.slice();
        parallel::rows_mut(check::slice_mut("outputs", &mut to)?, each, |_, row| {
            row.iter_mut().enumerate().for_each(|(index, value)| *value += bias[own(index)]);
        });
        Ok(())
    }

    /// The hidden units of a degree in a layer of `width` units.
    fn units(&self, width: usize, degree: usize) -> Range<usize> {
        let below = |degree| self.degrees.below(Units::Hidden(width), degree);
        below(degree)..below(degree + 1)
    }
}

/// The first buffer, as `[width, rows]`.
fn rows_of<F: Real>(buffers: &mut [Buffer<F>], width: usize, rows: usize) -> Result<ArrayViewMut2<'_, F>> {
    let first = buffers.first_mut().ok_or(LayerError::Tape { index: ACTIVATIONS })?;
    Ok(first.shaped(width, rows))
}

/// The activations of some units, of which `z` holds the pre-activations.
fn activate<F: Real>(z: &Buffer<F>, mut to: ArrayViewMut2<'_, F>, units: Range<usize>) -> Result<()> {
    swish(z.view(), to.slice_axis_mut(Axis(0), Slice::from(units)))
}

impl<F: Real> Parametric<F> for MaskedNetwork<F> {
    fn parameters(&self, visit: &mut pdmap_core::contract::Visit<'_, F>) -> Result<()> {
        match &self.network {
            Kind::Perceptron(network) => network.parameters(visit),
            Kind::Residual(network) => network.parameters(visit),
        }
    }

    fn parameters_mut(&mut self, visit: &mut pdmap_core::contract::VisitMut<'_, F>) -> Result<()> {
        match &mut self.network {
            Kind::Perceptron(network) => network.parameters_mut(visit),
            Kind::Residual(network) => network.parameters_mut(visit),
        }
    }
}
