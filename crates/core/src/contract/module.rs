//! Differentiable maps that need not be invertible.

use std::fmt::Debug;

use super::duplicate::duplicable;
use super::{In, LayerSpec, Out, ParamGrad, Parametric, Tape};
use crate::{Real, Result};

/// A differentiable map with parameters, for example the network that computes a coupling's
/// parameters from the features that stay unchanged.
///
/// Rows are `[batch, inputs]` and `[batch, outputs]`, contiguous in row-major order; the caller
/// ensures this. Signs are as for layers: everything ascends, and `backward` accumulates sums over
/// rows.
pub trait Module<F: Real>: Parametric<F> + DuplicateModule<F> + Debug + Send + Sync {
    /// The module as data.
    fn spec(&self) -> LayerSpec;

    /// Width of the output, for rows of `inputs` numbers.
    ///
    /// # Errors
    /// [`LayerError::Features`](crate::LayerError::Features) for rows of another width.
    fn outputs(&self, inputs: usize) -> Result<usize>;

    /// `output = f(input)`. Records on the tape what `backward` reads.
    ///
    /// # Errors
    /// Rows of another width.
    fn forward(&self, input: In<F>, output: Out<F>, tape: &mut Tape<F>) -> Result<()>;

    /// Adds the parameters' gradients to `grads` and, on request, writes `∂/∂input`; `by_output` is
    /// `∂/∂output` of each row. Consumes what the tape recorded.
    ///
    /// # Errors
    /// A tape without the forward pass; gradients of another module.
    fn backward(
        &self,
        input: In<F>,
        by_output: In<F>,
        by_input: Option<Out<F>>,
        tape: &mut Tape<F>,
        grads: &mut [ParamGrad<F>],
    ) -> Result<()>;
}

duplicable!(Module, DuplicateModule);
