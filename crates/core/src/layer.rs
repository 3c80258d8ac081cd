//! The layer contract.

use std::fmt::Debug;

use ndarray::{Array2, ArrayD, ArrayView2, ArrayViewMut2};
use serde::{Deserialize, Serialize};

use crate::optim::{StepReport, UpdateRule};
use crate::{LayerError, LayerGrads, Real, Result, State, Tape, Tensors, check, options};

/// Rows that enter a layer, and what they are conditioned on.
///
/// `x` is `[batch, features]`, contiguous in row-major order. `condition`, where a flow models `log p(x | c)`, is
/// `[batch, conditions]`: the same for every layer of the flow. Layers that do not use it pass it on.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Input<'a, F> {
    /// The rows.
    pub x: ArrayView2<'a, F>,
    /// One row of conditions for each row of `x`.
    pub condition: Option<ArrayView2<'a, F>>,
}

impl<'a, F: Real> Input<'a, F> {
    /// Other rows under the same condition: what a layer hands to the next.
    pub fn with<'b>(self, x: ArrayView2<'b, F>) -> Input<'b, F>
    where
        'a: 'b,
    {
        Input { x, condition: self.condition.map(|condition| condition.reborrow()) }
    }

    /// The same rows for a shorter while.
    pub fn reborrow<'b>(self) -> Input<'b, F>
    where
        'a: 'b,
    {
        let x = self.x.reborrow();
        self.with(x)
    }

    /// The same rows under a condition.
    pub fn given(self, condition: ArrayView2<'a, F>) -> Self {
        Self { condition: Some(condition), ..self }
    }
}

impl<'a, F> From<ArrayView2<'a, F>> for Input<'a, F> {
    fn from(x: ArrayView2<'a, F>) -> Self {
        Self { x, condition: None }
    }
}

impl<'a, F> From<&'a Array2<F>> for Input<'a, F> {
    fn from(x: &'a Array2<F>) -> Self {
        Self { x: x.view(), condition: None }
    }
}

/// A forward pass that was recorded: what `backward` differentiates at.
#[derive(Debug)]
pub struct Recorded<'a, F> {
    /// What entered the layer.
    pub input: Input<'a, F>,
    /// What left it.
    pub y: ArrayView2<'a, F>,
    /// The tape that `forward` wrote.
    pub tape: &'a mut Tape<F>,
}

/// A layer as data: enough, together with its tensors, to build it again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LayerSpec {
    /// Name in the [`Registry`](crate::Registry), for example `"dense"`.
    pub kind: String,
    /// Options of that kind.
    #[serde(default = "no_options")]
    pub options: serde_json::Value,
}

fn no_options() -> serde_json::Value {
    serde_json::Value::Object(serde_json::Map::new())
}

impl LayerSpec {
    /// A specification from anything that serializes.
    pub fn new(kind: &str, options: &impl Serialize) -> Self {
        // Options are plain structs of numbers and strings, which always serialize.
        Self { kind: kind.to_owned(), options: serde_json::to_value(options).unwrap_or_default() }
    }

    /// The options as the layer's own type.
    ///
    /// # Errors
    /// [`LayerError::Options`] with the key, and the nearest known one.
    pub fn parse<T: serde::de::DeserializeOwned>(&self) -> Result<T> {
        options::parse(&self.options)
            .map_err(|problem| LayerError::Options { kind: self.kind.clone(), problem: Box::new(problem) })
    }
}

/// One figure about a layer's present state, for `inspect` and for reports.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Diagnostic {
    /// What it is, for example `max|W'W-I|`.
    pub name: String,
    /// Its value.
    pub value: f64,
}

/// An invertible map `f: Rᴰ → Rᴰ`, applied to each row of a `[batch, features]` matrix.
///
/// # Conventions
/// * `log_det` is `log|det ∂y/∂x|` in nats, one `f64` a row; layers **add** to it, and it is only computed where asked
///   for.
/// * `dy` is `δ = ∂ log p / ∂y` of each row by itself (not divided by the batch). The objective is the mean over rows of
///   `log p = log p_base + Σ log_det`, to be **increased**. `backward` returns `∂ log p / ∂x`, its own log-determinant's
///   gradient included.
/// * `backward` **accumulates** into `grads`: sums over rows, divided by the number of rows when a direction is made.
/// * All arrays are contiguous in row-major order; [`Flow`](crate::Flow) and [`LayerExt`] see to that, and to finite values.
/// * Rows are independent, and any number of them works, 0 included.
///
/// # Training
/// `direct` turns accumulated sums into ascent directions, `update` applies them through an [`UpdateRule`] and keeps the
/// layer's invariants (orthonormal stays orthonormal, a determinant keeps its sign, a scale stays positive): no other way
/// leads to a weight. Layers without parameters implement neither.
pub trait Layer<F: Real>: Debug + Send + Sync {
    /// The layer as data.
    fn spec(&self) -> LayerSpec;

    /// Features a row, or `None` where any number will do.
    fn features(&self) -> Option<usize>;

    /// Numbers of the condition that this layer, or one inside of it, looks at; 0 where it looks at none.
    fn conditions(&self) -> usize {
        0
    }

    /// `y = f(x)`; adds `log|det ∂y/∂x|` of each row to `log_det`.
    ///
    /// # Errors
    /// Wrong shapes; a singular matrix where its log-determinant is asked for.
    fn forward(
        &self,
        input: Input<'_, F>,
        y: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        tape: &mut Tape<F>,
    ) -> Result<()>;

    /// `x = f⁻¹(y)`, where `output.x` holds `y`; adds `log|det ∂x/∂y|` of each row, the negative of the forward's.
    ///
    /// # Errors
    /// Wrong shapes; a singular matrix.
    fn inverse(
        &self,
        output: Input<'_, F>,
        x: ArrayViewMut2<'_, F>,
        log_det: Option<&mut [f64]>,
        tape: &mut Tape<F>,
    ) -> Result<()>;

    /// Adds the gradient of `Σ_rows log p` to `grads` and writes `∂ log p / ∂x` to `dx`, where that is asked for.
    ///
    /// # Errors
    /// Wrong shapes; a tape without the forward pass; gradients of another layer.
    fn backward(
        &self,
        at: Recorded<'_, F>,
        dy: ArrayView2<'_, F>,
        dx: Option<ArrayViewMut2<'_, F>>,
        grads: &mut LayerGrads<F>,
    ) -> Result<()>;

    /// Empty gradients of this layer's parameters.
    fn new_grads(&self) -> LayerGrads<F> {
        LayerGrads::default()
    }

    /// Turns the accumulated sums into the directions that `update` follows.
    ///
    /// # Errors
    /// No rows; a singular matrix where the direction needs an inverse.
    fn direct(&self, _grads: &mut LayerGrads<F>) -> Result<()> {
        Ok(())
    }

    /// Follows the directions that `direct` left in `grads` and keeps every invariant.
    ///
    /// # Errors
    /// Gradients or optimizer memory of another layer.
    fn update(&mut self, _rule: &mut dyn UpdateRule<F>, _grads: &mut LayerGrads<F>) -> Result<StepReport> {
        Ok(StepReport::default())
    }

    /// The Euclidean gradient of the mean log-likelihood for each trained tensor, by the tensor's name, whatever
    /// direction the layer follows. Diagnostics and tests; may cost O(D³).
    ///
    /// # Errors
    /// No rows; a singular matrix.
    fn gradients(&self, _grads: &LayerGrads<F>) -> Result<Vec<(String, ArrayD<F>)>> {
        Ok(Vec::new())
    }

    /// Named tensors: everything beside the specification that the layer needs to be built again.
    fn tensors(&self) -> Vec<(String, ArrayD<F>)> {
        Vec::new()
    }

    /// Takes back tensors that [`tensors`](Self::tensors) gave.
    ///
    /// # Errors
    /// Missing tensors, other shapes, values that break an invariant.
    fn set_tensors(&mut self, _tensors: &mut Tensors<F>) -> Result<()> {
        Ok(())
    }

    /// Writes what training changes in this layer beside its tensors, where there is such a thing: with it, and with the optimizer's memory, a
    /// run goes on bit for bit. A layer made of layers forwards this to each of them, in a [scope](State::scoped) of its own.
    fn save_state(&self, _state: &mut State<F>) {}

    /// Takes back what [`save_state`](Self::save_state) wrote, after the tensors were set.
    ///
    /// # Errors
    /// Missing pieces, other shapes.
    fn load_state(&mut self, _state: &mut State<F>) -> Result<()> {
        Ok(())
    }

    /// Condition numbers, residuals and whatever else tells how the layer is.
    fn diagnostics(&self) -> Vec<Diagnostic> {
        Vec::new()
    }

    /// A copy of the layer.
    fn duplicate(&self) -> Box<dyn Layer<F>>;
}

impl<F: Real> Clone for Box<dyn Layer<F>> {
    fn clone(&self) -> Self {
        self.duplicate()
    }
}

/// Calls on a layer by itself: checked and allocating, for users of one layer and for tests.
pub trait LayerExt<F: Real>: Layer<F> {
    /// `(f(x), log|det|)` with shapes and values checked.
    ///
    /// # Errors
    /// As [`Layer::forward`]; [`LayerError::NonFinite`] for NaN and infinities.
    fn transform<'a>(&self, x: impl Into<Input<'a, F>>) -> Result<(Array2<F>, Vec<f64>)>
    where
        Self: 'a,
    {
        let map = |input: Input<'_, F>, out: ArrayViewMut2<'_, F>, log_det: &mut [f64]| {
            self.forward(input, out, Some(log_det), &mut Tape::scratch())
        };
        checked("input", self.features(), x.into(), map)
    }

    /// `(f⁻¹(y), log|det|)` with shapes and values checked.
    ///
    /// # Errors
    /// As [`Layer::inverse`]; [`LayerError::NonFinite`] for NaN and infinities.
    fn untransform<'a>(&self, y: impl Into<Input<'a, F>>) -> Result<(Array2<F>, Vec<f64>)>
    where
        Self: 'a,
    {
        let map = |output: Input<'_, F>, out: ArrayViewMut2<'_, F>, log_det: &mut [f64]| {
            self.inverse(output, out, Some(log_det), &mut Tape::scratch())
        };
        checked("output", self.features(), y.into(), map)
    }
}

fn checked<F: Real>(
    what: &'static str,
    features: Option<usize>,
    input: Input<'_, F>,
    map: impl FnOnce(Input<'_, F>, ArrayViewMut2<'_, F>, &mut [f64]) -> Result<()>,
) -> Result<(Array2<F>, Vec<f64>)> {
    check::features(what, features.unwrap_or(input.x.ncols()), input.x.ncols())?;
    check::finite(what, input.x.reborrow())?;
    let contiguous = input.x.as_standard_layout();
    let (mut out, mut log_det) = (Array2::zeros(contiguous.raw_dim()), vec![0.0; contiguous.nrows()]);
    map(input.with(contiguous.view()), out.view_mut(), &mut log_det)?;
    Ok((out, log_det))
}

impl<F: Real, L: Layer<F> + ?Sized> LayerExt<F> for L {}
