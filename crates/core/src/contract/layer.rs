//! The layer contract.

use std::fmt::Debug;

use ndarray::{Array2, ArrayView2};

use super::duplicate::duplicable;
use super::{ForwardPass, Gradients, In, Input, LayerSpec, Out, ParamGrad, Parametric, Shape, Tape};
use crate::{LayerError, Real, Result, check};

/// A bijection `f: Rᴰ → Rᴰ` with a list of parameters, applied to each row of a `[batch, features]`
/// matrix.
///
/// A layer states its kind and options ([`spec`](Self::spec)), its output shape
/// ([`shape`](Self::shape)), its parameters ([`Parametric`]), and implements the map, its inverse
/// and the backward pass. Directions, steps, saving, resuming and copying follow from these.
///
/// # Conventions
/// * `log_det` is `log|det ∂y/∂x|` in nats, one `f64` per row. Layers **add** to it, and compute it
///   only on request.
/// * `dy` is `δ = ∂ log p / ∂y` of each single row (not divided by the batch size). The objective,
///   the mean over rows of `log p = log p_base + Σ log_det`, is to be **increased**. `backward`
///   returns `∂ log p / ∂x`, including the gradient of the layer's own log-determinant.
/// * `backward` **accumulates** sums over rows into `grads`, one for each trained parameter in the
///   order of the list; directions divide by the number of rows.
/// * Rows are independent; a batch may have any number of them, including 0.
///
/// # Checks
/// Shapes and finiteness are checked once, at the boundary: by [`Flow`](crate::Flow) for a flow and
/// by [`LayerExt`] for a single layer. The methods below rely on contiguous row-major arrays of the
/// sizes that [`shape`](Self::shape) and [`conditions`](Self::conditions) state.
pub trait Layer<F: Real>: Parametric<F> + DuplicateLayer<F> + Debug + Send + Sync {
    /// The layer as data.
    fn spec(&self) -> LayerSpec;

    /// The output shape for input of shape `input`, with the same number of features.
    ///
    /// # Errors
    /// [`LayerError::Features`] for rows of another width than the layer was built for.
    fn shape(&self, input: Shape) -> Result<Shape>;

    /// Width of the condition that this layer, or one inside it, reads; 0 for none.
    fn conditions(&self) -> usize {
        0
    }

    /// `y = f(x)`; adds `log|det ∂y/∂x|` of each row to `log_det`.
    ///
    /// # Errors
    /// Values outside the domain; a singular matrix if its log-determinant is requested.
    fn forward(&self, input: Input<F>, y: Out<F>, log_det: Option<&mut [f64]>, tape: &mut Tape<F>) -> Result<()>;

    /// `x = f⁻¹(y)`, where `output.x` holds `y`; adds `log|det ∂x/∂y|` of each row, the negative of
    /// the forward one.
    ///
    /// # Errors
    /// Values outside the image; a singular matrix.
    fn inverse(&self, output: Input<F>, x: Out<F>, log_det: Option<&mut [f64]>, tape: &mut Tape<F>) -> Result<()>;

    /// Adds the gradient of `Σ_rows log p` to `grads` and, on request, writes `∂ log p / ∂x` to
    /// `dx`.
    ///
    /// # Errors
    /// A tape without the forward pass; gradients of another layer.
    fn backward(&self, at: ForwardPass<F>, dy: In<F>, dx: Option<Out<F>>, grads: &mut [ParamGrad<F>]) -> Result<()>;
}

duplicable!(Layer, DuplicateLayer);

/// A layer that can also backpropagate through its inverse, as [`Invert`](crate::Invert) requires.
pub trait InverseBackward<F: Real>: Layer<F> {
    /// For `x = f⁻¹(y)` with its log-determinant `log|det ∂x/∂y|`: writes `∂ log p / ∂y` to `dy`,
    /// given `∂ log p / ∂x`, and adds the parameters' gradients to `grads`. `at.input` is the input
    /// of the inverse (`y`), `at.y` its output (`x`).
    ///
    /// # Errors
    /// As [`Layer::backward`].
    fn inverse_backward(
        &self,
        at: ForwardPass<F>,
        dx: In<F>,
        dy: Option<Out<F>>,
        grads: &mut [ParamGrad<F>],
    ) -> Result<()>;
}

/// Checked calls on a single layer, for users of one layer and for tests.
pub trait LayerExt<F: Real>: Layer<F> {
    /// `(f(x), log|det|)`.
    ///
    /// # Errors
    /// As [`Layer::forward`]; wrong shapes; [`LayerError::NonFinite`] for NaN and infinities.
    fn transform<'a>(&self, x: impl Into<Input<'a, F>>) -> Result<(Array2<F>, Vec<f64>)>
    where
        Self: 'a,
    {
        let input = x.into();
        check_input(self, "input", &input)?;
        let x = input.x.as_standard_layout();
        let (mut y, mut log_det) = (Array2::zeros(x.raw_dim()), vec![0.0; x.nrows()]);
        self.forward(input.with(x.view()), y.view_mut(), Some(&mut log_det), &mut Tape::scratch())?;
        Ok((y, log_det))
    }

    /// `(f⁻¹(y), log|det|)`.
    ///
    /// # Errors
    /// As [`Layer::inverse`]; wrong shapes; [`LayerError::NonFinite`] for NaN and infinities.
    fn untransform<'a>(&self, y: impl Into<Input<'a, F>>) -> Result<(Array2<F>, Vec<f64>)>
    where
        Self: 'a,
    {
        let input = y.into();
        check_input(self, "output", &input)?;
        let y = input.x.as_standard_layout();
        let (mut x, mut log_det) = (Array2::zeros(y.raw_dim()), vec![0.0; y.nrows()]);
        self.inverse(input.with(y.view()), x.view_mut(), Some(&mut log_det), &mut Tape::scratch())?;
        Ok((x, log_det))
    }

    /// Forward and backward: adds the gradients of the rows to `grads` and returns
    /// `(y, ∂ log p/∂x)`, where `score` computes `δ = ∂ log p/∂y`.
    ///
    /// # Errors
    /// As [`Layer::forward`] and [`Layer::backward`]; wrong shapes, also of `δ`; NaN and
    /// infinities.
    fn differentiate<'a>(
        &self,
        x: impl Into<Input<'a, F>>,
        score: impl FnOnce(ArrayView2<'_, F>) -> Array2<F>,
        grads: &mut Gradients<F>,
    ) -> Result<(Array2<F>, Array2<F>)>
    where
        Self: 'a,
    {
        let input = x.into();
        check_input(self, "input", &input)?;
        let x = input.x.as_standard_layout();
        let (mut y, mut dx) = (Array2::zeros(x.raw_dim()), Array2::zeros(x.raw_dim()));
        let mut tape = Tape::recording();
        let input = input.with(x.view());
        self.forward(input.reborrow(), y.view_mut(), None, &mut tape)?;
        let delta = score(y.view());
        check::shape("gradient of the output", y.dim(), delta.dim())?;
        let at = ForwardPass { input, y: y.view(), tape: &mut tape };
        self.backward(at, delta.as_standard_layout().view(), Some(dx.view_mut()), &mut grads.params)?;
        grads.rows += y.nrows();
        Ok((y, dx))
    }
}

impl<F: Real, L: Layer<F> + ?Sized> LayerExt<F> for L {}

/// Checks that rows match a layer: features, condition, finite values.
///
/// # Errors
/// [`LayerError::Features`], [`LayerError::Conditions`], [`LayerError::Shape`],
/// [`LayerError::NonFinite`].
pub fn check_input<F: Real>(layer: &(impl Layer<F> + ?Sized), what: &'static str, input: &Input<'_, F>) -> Result<()> {
    layer.shape(input.x.ncols().into())?;
    check_condition(layer.conditions(), input)?;
    check::finite(what, input.x.reborrow())
}

/// Checks that rows have the expected condition, if any.
///
/// # Errors
/// [`LayerError::Conditions`], [`LayerError::Shape`], [`LayerError::NonFinite`].
pub fn check_condition<F: Real>(expected: usize, input: &Input<'_, F>) -> Result<()> {
    let actual = input.condition.as_ref().map_or(0, |given| given.ncols());
    if expected > 0 && expected != actual {
        return Err(LayerError::Conditions { expected, actual });
    }
    if let Some(condition) = &input.condition {
        check::shape("condition", (input.x.nrows(), condition.ncols()), condition.dim())?;
        check::finite("condition", condition.reborrow())?;
    }
    Ok(())
}
