//! The bank that a layer holds.

use ndarray::Array2;
use pdmap_core::{Layer, LayerError, Real, Result};

use super::{Kernels, Period, Stages};
use crate::{CycledConv, FreeConv, Geometry};

impl Stages {
    /// The stages of a convolution, in `f64`. They are those of a bank on periodic signals, whatever the layer does at its ends.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn of<F: Real>(conv: &CycledConv<F>) -> Result<Self> {
        let matrices = conv.stages().iter().map(|stage| stage.weight().mapv(F::f64)).collect();
        Self::new(period(conv.geometry())?, conv.geometry().channels(), matrices)
    }
}

impl Kernels {
    /// The kernels of a layer that is a convolution of this crate, as it is in a flow; nothing for any other layer.
    ///
    /// # Errors
    /// Those of the layer's tensors, which a trained layer does not meet.
    pub fn of_layer<F: Real>(layer: &dyn Layer<F>) -> Result<Option<Self>> {
        let spec = layer.spec();
        let mut tensors = layer.tensors().into_iter().collect();
        if spec.kind == CycledConv::<F>::KIND {
            let conv = CycledConv::from_tensors(spec.parse()?, &mut tensors)?;
            return Ok(Some(Stages::of(&conv)?.kernels()?));
        }
        if spec.kind == FreeConv::<F>::KIND {
            return Ok(Some(FreeConv::from_tensors(&spec, &mut tensors)?.kernels()?));
        }
        Ok(None)
    }
}

impl<F: Real> CycledConv<F> {
    /// A convolution with the stages of a bank.
    ///
    /// # Errors
    /// A geometry of another period or number of channels; as [`new`](Self::new).
    pub fn of_bank(geometry: Geometry, bank: &Stages, group: crate::Group) -> Result<Self> {
        let expected = period(&geometry)?;
        if bank.period() != expected || bank.channels() != geometry.channels() {
            return Err(LayerError::Conflict {
                first: "the period and channels of a geometry",
                second: "those of a bank",
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
