//! Options of a saved layer.

use ndarray::{Ix4, Ix6};
use pdmap_core::{LayerError, Real, Result, Tensors};
use pdmap_filterbank::Kernels;
use serde::{Deserialize, Serialize};

use super::kernels::FreeDirection;

/// Options of a saved layer, beyond what the tensor of the kernels determines.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Options {
    /// `[C, n]` or `[C, H, W]`.
    pub(super) shape: Vec<usize>,
    /// One number for a signal, two for an image.
    offset: Vec<isize>,
    #[serde(default)]
    pub(super) direction: FreeDirection,
}

impl Options {
    pub(super) fn of(shape: &[usize], kernels: &Kernels, direction: FreeDirection) -> Self {
        let axes = shape.len().saturating_sub(1).min(2);
        Self { shape: shape.to_vec(), offset: kernels.offset()[2 - axes..].to_vec(), direction }
    }

    /// The kernels, from their tensor.
    pub(super) fn kernels<F: Real>(&self, tensors: &mut Tensors<F>) -> Result<Kernels> {
        let tensor = tensors.take("kernels")?.mapv(F::f64);
        let actual = tensor.shape().to_vec();
        let shape = |expected: usize| LayerError::TensorShape {
            name: "kernels".into(),
            expected: vec![0; expected],
            actual: actual.clone(),
        };
        match self.offset[..] {
            [offset] => Kernels::signal(tensor.into_dimensionality::<Ix4>().map_err(|_| shape(4))?, offset),
            [down, across] => {
                Kernels::image(tensor.into_dimensionality::<Ix6>().map_err(|_| shape(6))?, [down, across])
            }
            _ => Err(LayerError::Shape { what: "offset", expected: vec![2], actual: vec![self.offset.len()] }),
        }
    }
}
