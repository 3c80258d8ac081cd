//! Conversion between convolutions and filter banks.

use ndarray::Array2;
use pdmap_core::group::Group;
use pdmap_core::{Kind, Layer, LayerError, ParametricExt, Real, Result};
use pdmap_filterbank::{Kernels, Period, Stages};

use crate::free::FreeConv;
use crate::layer::{CycledConv, Geometry};

/// The stages of a convolution, in `f64`: those of a bank on periodic signals, whatever the
/// boundary of the layer.
///
/// # Errors
/// As [`Stages::new`].
pub fn stages_of<F: Real>(conv: &CycledConv<F>) -> Result<Stages> {
    let matrices = conv.stages().iter().map(|stage| stage.weight().mapv(F::f64)).collect();
    Stages::new(period(conv.geometry())?, conv.geometry().channels(), matrices)
}

/// The kernels of a layer, or `None` if it is not a convolution of this crate.
///
/// # Errors
/// Those of restoring the layer from its tensors; a trained layer has none.
pub fn kernels_of<F: Real>(layer: &dyn Layer<F>) -> Result<Option<Kernels>> {
    let (spec, registry) = (layer.spec(), pdmap_core::Registry::empty());
    let mut tensors = layer.tensors().into_iter().collect();
    if spec.kind == CycledConv::<F>::KIND {
        let conv = CycledConv::restore(&spec, &mut tensors, &registry)?;
        return Ok(Some(stages_of(&conv)?.kernels()?));
    }
    if spec.kind == FreeConv::<F>::KIND {
        return Ok(Some(FreeConv::restore(&spec, &mut tensors, &registry)?.kernels()?));
    }
    Ok(None)
}

impl<F: Real> CycledConv<F> {
    /// A convolution with the stages of a bank.
    ///
    /// # Errors
    /// A geometry of another period or number of channels; as [`new`](Self::new).
    pub fn of_bank(geometry: Geometry, bank: &Stages, group: Group) -> Result<Self> {
        let expected = period(&geometry)?;
        if bank.period() != expected || bank.channels() != geometry.channels() {
            return Err(LayerError::Conflict {
                first: "this geometry",
                second: "a bank of another period or number of channels",
            });
        }
        let stages: Vec<Array2<F>> = bank.matrices().iter().map(|matrix| matrix.mapv(F::of)).collect();
        Self::new(geometry, stages, group)
    }
}

fn period(geometry: &Geometry) -> Result<Period> {
    match geometry.period()[..] {
        [length] => Ok(Period::Signal(length)),
        [height, width] => Ok(Period::Image(height, width)),
        ref other => Err(LayerError::Shape { what: "period", expected: vec![2], actual: vec![other.len()] }),
    }
}
