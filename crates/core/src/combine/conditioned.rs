//! A layer with a fixed condition.

use ndarray::Array2;

use crate::contract::{ForwardPass, In, Input, Layer, LayerSpec, Out, ParamGrad, Parametric, Shape, Tape};
use crate::delegate_parameters;
use crate::{LayerError, Real, Result};

/// A conditional layer with the same condition `c` for every row: `x ↦ f(x; c)`.
///
/// It has no kind of its own and is saved as the layer inside.
#[derive(Debug, Clone)]
pub struct Conditioned<F: Real> {
    layer: Box<dyn Layer<F>>,
    condition: Vec<F>,
}

impl<F: Real> Conditioned<F> {
    /// `layer` with the given condition.
    ///
    /// # Errors
    /// [`LayerError::Conditions`] for a condition of another width.
    pub fn new(layer: Box<dyn Layer<F>>, condition: Vec<F>) -> Result<Self> {
        let (expected, actual) = (layer.conditions(), condition.len());
        if expected == actual {
            Ok(Self { layer, condition })
        } else {
            Err(LayerError::Conditions { expected, actual })
        }
    }

    fn rows(&self, count: usize) -> Array2<F> {
        Array2::from_shape_fn((count, self.condition.len()), |(_, column)| self.condition[column])
    }
}

impl<F: Real> Parametric<F> for Conditioned<F> {
    delegate_parameters!(F, layer);
}

impl<F: Real> Layer<F> for Conditioned<F> {
    fn spec(&self) -> LayerSpec {
        self.layer.spec()
    }

    fn shape(&self, input: Shape) -> Result<Shape> {
        self.layer.shape(input)
    }

    fn forward(&self, input: Input<F>, y: Out<F>, log_det: Option<&mut [f64]>, tape: &mut Tape<F>) -> Result<()> {
        let condition = self.rows(input.x.nrows());
        self.layer.forward(Input::new(input.x, Some(condition.view())), y, log_det, tape)
    }

    fn inverse(&self, output: Input<F>, x: Out<F>, log_det: Option<&mut [f64]>, tape: &mut Tape<F>) -> Result<()> {
        let condition = self.rows(output.x.nrows());
        self.layer.inverse(Input::new(output.x, Some(condition.view())), x, log_det, tape)
    }

    fn backward(&self, at: ForwardPass<F>, dy: In<F>, dx: Option<Out<F>>, grads: &mut [ParamGrad<F>]) -> Result<()> {
        let condition = self.rows(at.input.x.nrows());
        let input = Input::new(at.input.x, Some(condition.view()));
        self.layer.backward(ForwardPass { input, ..at }, dy, dx, grads)
    }
}
