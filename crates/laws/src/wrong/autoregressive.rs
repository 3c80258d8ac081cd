//! Autoregressive layers with a wrong mask.

use pdmap_core::contract::{In, Out, Visit, VisitMut};
use pdmap_core::{ForwardPass, Input, Layer, LayerSpec, ParamGrad, Parametric, Real, Result, Shape, Tape};
use pdmap_layers::autoregressive::Autoregressive;

/// One way to get a mask wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaskMistake {
    /// The shift of the first position reads the feature at the second one.
    LeaksNext,
    /// The shift of the second position reads the feature at the last one, barely.
    LeaksLast,
    /// The shift of the last position reads its own feature, and the log-determinant ignores that.
    ReadsItself,
}

/// Every mistake. The triangular Jacobian must reject each.
pub const MASK_MISTAKES: &[MaskMistake] = &[MaskMistake::LeaksNext, MaskMistake::LeaksLast, MaskMistake::ReadsItself];

/// An autoregressive layer of at least three features that lets one more feature through its mask.
#[derive(Debug, Clone)]
pub struct WrongMask<F: Real> {
    right: Autoregressive<F>,
    mistake: MaskMistake,
}

impl<F: Real> WrongMask<F> {
    /// A right layer with one mistake in its forward pass.
    pub fn new(right: Autoregressive<F>, mistake: MaskMistake) -> Self {
        Self { right, mistake }
    }

    /// The feature that leaks, the output that it leaks into, and its weight.
    fn leak(&self, features: usize) -> (usize, usize, f64) {
        let order = self.right.order().positions(features);
        let last = order.len() - 1;
        match self.mistake {
            MaskMistake::LeaksNext => (order[1], order[0], 0.1),
            MaskMistake::LeaksLast => (order[last], order[1], 1e-3),
            MaskMistake::ReadsItself => (order[last], order[last], 0.1),
        }
    }
}

impl<F: Real> Parametric<F> for WrongMask<F> {
    fn parameters(&self, visit: &mut Visit<'_, F>) -> Result<()> {
        self.right.parameters(visit)
    }

    fn parameters_mut(&mut self, visit: &mut VisitMut<'_, F>) -> Result<()> {
        self.right.parameters_mut(visit)
    }
}

impl<F: Real> Layer<F> for WrongMask<F> {
    fn spec(&self) -> LayerSpec {
        self.right.spec()
    }

    fn shape(&self, input: Shape) -> Result<Shape> {
        self.right.shape(input)
    }

    fn conditions(&self) -> usize {
        self.right.conditions()
    }

    fn forward(&self, input: Input<F>, mut y: Out<F>, log_det: Option<&mut [f64]>, tape: &mut Tape<F>) -> Result<()> {
        let (from, to, weight) = self.leak(input.x.ncols());
        self.right.forward(input.reborrow(), y.view_mut(), log_det, tape)?;
        let leaks = y.column_mut(to).into_iter().zip(input.x.column(from));
        leaks.for_each(|(y, x)| *y = F::of(y.f64() + weight * x.f64().tanh()));
        Ok(())
    }

    fn inverse(&self, output: Input<F>, x: Out<F>, log_det: Option<&mut [f64]>, tape: &mut Tape<F>) -> Result<()> {
        self.right.inverse(output, x, log_det, tape)
    }

    fn backward(&self, at: ForwardPass<F>, dy: In<F>, dx: Option<Out<F>>, grads: &mut [ParamGrad<F>]) -> Result<()> {
        self.right.backward(at, dy, dx, grads)
    }
}
