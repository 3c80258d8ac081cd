//! What a law of modules is applied to.

use ndarray::{Array1, Array2, ArrayView2};
use pdmap_core::contract::{ModuleContext, ModuleParameters};
use pdmap_core::{Gradients, LayerError, LayerSpec, Module, Real, Registry, Tape, Tensors};

/// A module, rows to try it on, and what else a law needs.
#[derive(Debug)]
pub struct ModuleCase<'a, F: Real> {
    module: Box<dyn Module<F>>,
    rows: Array2<F>,
    positions: usize,
    seed: u64,
    registry: &'a Registry<F>,
}

impl<'a, F: Real> ModuleCase<'a, F> {
    /// A module on rows of input: `positions` rows, one for each position, for every example. The registry
    /// must know the module's kind.
    pub fn new(module: &dyn Module<F>, rows: ArrayView2<'_, F>, positions: usize, registry: &'a Registry<F>) -> Self {
        let rows = rows.as_standard_layout().into_owned();
        Self { module: module.duplicate(), rows, positions, seed: 1, registry }
    }

    /// The same with another seed for whatever a law draws.
    #[must_use]
    pub fn seeded(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// The module.
    pub fn module(&self) -> &dyn Module<F> {
        &*self.module
    }

    /// The rows.
    pub fn rows(&self) -> ArrayView2<'_, F> {
        self.rows.view()
    }

    /// Rows of one example.
    pub fn positions(&self) -> usize {
        self.positions
    }

    /// The seed for whatever a law draws.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Numbers in a row of output.
    ///
    /// # Errors
    /// Those of the module.
    pub fn outputs(&self) -> Result<usize, LayerError> {
        self.module.outputs(self.rows.ncols())
    }

    /// A module from a specification and tensors, for the same rows.
    ///
    /// # Errors
    /// Those of the registry.
    pub fn restore(&self, spec: &LayerSpec, tensors: &mut Tensors<F>) -> Result<Box<dyn Module<F>>, LayerError> {
        let start = Array1::zeros(self.outputs()?);
        let parameters = ModuleParameters::Stored(tensors);
        self.registry.module(spec, ModuleContext::new(self.rows.ncols(), self.positions, start, parameters))
    }
}

/// `f(x)` of some rows.
pub(super) fn image<F: Real>(module: &dyn Module<F>, x: ArrayView2<'_, F>) -> Result<Array2<F>, LayerError> {
    let mut y = Array2::zeros((x.nrows(), module.outputs(x.ncols())?));
    module.forward(x, y.view_mut(), &mut Tape::scratch())?;
    Ok(y)
}

/// Forward and backward: adds the gradients of `Σ c·y` and returns the one by the input.
pub(super) fn differentiate<F: Real>(
    module: &dyn Module<F>,
    x: ArrayView2<'_, F>,
    c: ArrayView2<'_, F>,
    tape: &mut Tape<F>,
    grads: &mut Gradients<F>,
) -> Result<Array2<F>, LayerError> {
    let (mut y, mut by_x) = (Array2::zeros(c.raw_dim()), Array2::zeros(x.raw_dim()));
    module.forward(x.reborrow(), y.view_mut(), tape)?;
    grads.rows += x.nrows();
    module.backward(x, c, Some(by_x.view_mut()), tape, &mut grads.params)?;
    Ok(by_x)
}
