//! The inverse of a layer as a layer.

use crate::contract::{
    ForwardPass, In, Input, InverseBackward, Layer, LayerSpec, Out, ParamGrad, Parametric, Shape, Tape,
};
use crate::delegate_parameters;
use crate::{LayerError, Real, Result};

/// `y = f⁻¹(x)` for the layer `f` inside, with `log|det ∂y/∂x| = −log|det ∂f/∂y|`.
///
/// For layers that preserve shapes and whose options are those of `f`.
#[derive(Debug, Clone)]
pub struct Invert<L> {
    inner: L,
    kind: &'static str,
    domain: Option<Domain>,
}

#[derive(Debug, Clone, Copy)]
struct Domain {
    least: f64,
    most: f64,
    range: &'static str,
}

impl<L> Invert<L> {
    /// The inverse of `inner`, registered under `kind`.
    pub fn new(inner: L, kind: &'static str) -> Self {
        Self { inner, kind, domain: None }
    }

    /// The same layer, restricted to inputs in `[least, most]`; `range` describes the interval in
    /// errors.
    pub fn within(self, least: f64, most: f64, range: &'static str) -> Self {
        Self { domain: Some(Domain { least, most, range }), ..self }
    }

    /// The layer inside.
    pub fn inner(&self) -> &L {
        &self.inner
    }
}

impl<F: Real, L: InverseBackward<F>> Parametric<F> for Invert<L> {
    delegate_parameters!(F, inner);
}

impl<F: Real, L: InverseBackward<F> + Clone + 'static> Layer<F> for Invert<L> {
    fn spec(&self) -> LayerSpec {
        LayerSpec { kind: self.kind.to_owned(), ..self.inner.spec() }
    }

    fn shape(&self, input: Shape) -> Result<Shape> {
        self.inner.shape(input)
    }

    fn conditions(&self) -> usize {
        self.inner.conditions()
    }

    fn forward(&self, input: Input<F>, y: Out<F>, log_det: Option<&mut [f64]>, tape: &mut Tape<F>) -> Result<()> {
        if let Some(Domain { least, most, range }) = self.domain {
            for ((row, column), &x) in input.x.indexed_iter() {
                let value = x.f64();
                if !(least..=most).contains(&value) {
                    return Err(LayerError::Domain { row, column, value, range });
                }
            }
        }
        self.inner.inverse(input, y, log_det, tape)
    }

    fn inverse(&self, output: Input<F>, x: Out<F>, log_det: Option<&mut [f64]>, tape: &mut Tape<F>) -> Result<()> {
        self.inner.forward(output, x, log_det, tape)
    }

    fn backward(&self, at: ForwardPass<F>, dy: In<F>, dx: Option<Out<F>>, grads: &mut [ParamGrad<F>]) -> Result<()> {
        self.inner.inverse_backward(at, dy, dx, grads)
    }
}
