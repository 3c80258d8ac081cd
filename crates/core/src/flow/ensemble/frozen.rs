//! Parameters that are saved and restored, but not trained.

use ndarray::ArrayD;

use crate::contract::{Diagnostic, Geometry};
use crate::group::constant;
use crate::{Real, Result};

/// A parameter of a member, as a constant of the ensemble.
pub(super) struct Frozen<P>(pub(super) P);

/// What a parameter is borrowed as: shared to be read, or exclusively to be restored.
pub(super) trait Borrowed<F: Real> {
    fn shared(&self) -> &dyn Geometry<F>;

    /// Nothing where it is borrowed to be read.
    fn exclusive(&mut self) -> Option<&mut dyn Geometry<F>>;
}

impl<F: Real> Borrowed<F> for &dyn Geometry<F> {
    fn shared(&self) -> &dyn Geometry<F> {
        *self
    }

    fn exclusive(&mut self) -> Option<&mut dyn Geometry<F>> {
        None
    }
}

impl<F: Real> Borrowed<F> for &mut dyn Geometry<F> {
    fn shared(&self) -> &dyn Geometry<F> {
        *self
    }

    fn exclusive(&mut self) -> Option<&mut dyn Geometry<F>> {
        Some(*self)
    }
}

impl<F: Real, P: Borrowed<F>> Geometry<F> for Frozen<P> {
    fn tensor(&self) -> ArrayD<F> {
        self.0.shared().tensor()
    }

    fn set_tensor(&mut self, name: &str, tensor: ArrayD<F>) -> Result<()> {
        self.0.exclusive().map_or(Ok(()), |parameter| parameter.set_tensor(name, tensor))
    }

    constant!(F);

    fn diagnostics(&self) -> Vec<Diagnostic> {
        self.0.shared().diagnostics()
    }
}
