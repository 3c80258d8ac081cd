//! The diagonal layer: one number per feature, or per group of features that share it.

use std::fmt::Debug;

use ndarray::{ArrayView2, ArrayViewMut2};
use pdmap_core::Geometry;
use pdmap_core::prelude::*;
use serde_json::{Map, Value};

/// How a number acts on a feature. Implemented by the geometry that holds the numbers.
pub trait Action<F: Real>: Geometry<F> + Clone + Debug + Send + Sync + 'static {
    /// Name of the tensor and of the kind of layer.
    const NAME: &'static str;

    /// Options in a specification.
    fn options(&self) -> Map<String, Value>;

    /// The numbers.
    fn numbers(&self) -> &[F];

    /// `y`.
    fn apply(x: F, number: F) -> F;

    /// `x`.
    fn undo(y: F, number: F) -> F;

    /// `∂ log p/∂x`.
    fn pull_back(dy: F, number: F) -> F;

    /// `log dy/dx`.
    fn log_slope(number: F) -> f64;

    /// Adds the gradient with respect to each number to its sum.
    ///
    /// # Errors
    /// Gradients of another object.
    fn accumulate(sharing: &impl Sharing<F>, delta: &[F], x: &[F], grad: &mut ParamGrad<F>) -> Result<()>;
}

/// Which features of a row share a number.
pub trait Sharing<F: Real>: Clone + Debug + Send + Sync + 'static {
    /// Prefix of the action's name in the name of the kind.
    const PREFIX: &'static str;

    /// Options in a specification.
    fn options(&self) -> Map<String, Value>;

    /// The shape of the rows, checked.
    ///
    /// # Errors
    /// [`LayerError::Features`](pdmap_core::LayerError::Features).
    fn shape(&self, input: Shape) -> Result<Shape>;

    /// Number of positions that share each number; empty if every feature has its own.
    fn positions(&self) -> Vec<f64>;

    /// Expands the numbers into the form that [`map`](Self::map) reads.
    fn prepare(&self, numbers: &[F], prepared: &mut Vec<F>);

    /// `to ← f(from, number)`.
    ///
    /// # Errors
    /// Rows that are not contiguous.
    fn map(
        &self,
        prepared: &[F],
        from: ArrayView2<'_, F>,
        to: ArrayViewMut2<'_, F>,
        f: impl Fn(F, F) -> F + Sync,
    ) -> Result<()>;

    /// Adds the sum of `delta` over rows to each number's sum, as the mean over the positions that
    /// share it.
    ///
    /// # Errors
    /// Gradients of another object.
    fn add_sums(&self, delta: &[F], grad: &mut ParamGrad<F>) -> Result<()>;

    /// The same for the products `delta·x`.
    ///
    /// # Errors
    /// Gradients of another object.
    fn add_products(&self, delta: &[F], x: &[F], grad: &mut ParamGrad<F>) -> Result<()>;
}

/// `y = x ∘ number` with an [`Action`] for `∘`.
#[derive(Debug, Clone)]
pub struct Diagonal<F, A, S> {
    action: A,
    sharing: S,
    prepared: Vec<F>,
}

impl<F: Real, A: Action<F>, S: Sharing<F>> Diagonal<F, A, S> {
    /// The layer of an action with the given sharing.
    pub fn of(action: A, sharing: S) -> Self {
        let mut layer = Self { action, sharing, prepared: Vec::new() };
        layer.refresh();
        layer
    }

    /// The numbers with their geometry.
    pub fn action(&self) -> &A {
        &self.action
    }

    /// How features share the numbers.
    pub fn sharing(&self) -> &S {
        &self.sharing
    }

    fn refresh(&mut self) {
        self.sharing.prepare(self.action.numbers(), &mut self.prepared);
    }

    fn add_log_det(&self, sign: f64, log_det: Option<&mut [f64]>) {
        let Some(log_det) = log_det else { return };
        let (numbers, positions) = (self.action.numbers(), self.sharing.positions());
        let own: f64 = if positions.is_empty() {
            numbers.iter().map(|&number| A::log_slope(number)).sum()
        } else {
            numbers.iter().zip(positions).map(|(&number, positions)| positions * A::log_slope(number)).sum()
        };
        log_det.iter_mut().for_each(|value| *value += sign * own);
    }
}

impl<F: Real, A: Action<F>, S: Sharing<F>> Parametric<F> for Diagonal<F, A, S> {
    fn parameters(&self, visit: &mut Visit<'_, F>) -> Result<()> {
        visit(&A::NAME, &self.action)
    }

    fn parameters_mut(&mut self, visit: &mut VisitMut<'_, F>) -> Result<()> {
        visit(&A::NAME, &mut self.action)?;
        self.refresh();
        Ok(())
    }
}

impl<F: Real, A: Action<F>, S: Sharing<F>> Layer<F> for Diagonal<F, A, S> {
    fn spec(&self) -> LayerSpec {
        let mut options = self.sharing.options();
        options.extend(self.action.options());
        LayerSpec { kind: format!("{}{}", S::PREFIX, A::NAME), options: Value::Object(options) }
    }

    fn shape(&self, input: Shape) -> Result<Shape> {
        self.sharing.shape(input)
    }

    fn forward(&self, input: Input<F>, y: Out<F>, log_det: Option<&mut [f64]>, _: &mut Tape<F>) -> Result<()> {
        self.add_log_det(1.0, log_det);
        self.sharing.map(&self.prepared, input.x, y, A::apply)
    }

    fn inverse(&self, output: Input<F>, x: Out<F>, log_det: Option<&mut [f64]>, _: &mut Tape<F>) -> Result<()> {
        self.add_log_det(-1.0, log_det);
        self.sharing.map(&self.prepared, output.x, x, A::undo)
    }

    fn backward(&self, at: ForwardPass<F>, dy: In<F>, dx: Option<Out<F>>, grads: &mut [ParamGrad<F>]) -> Result<()> {
        let [grad] = exactly(grads)?;
        let delta = check::slice("gradient of the output", &dy)?;
        let x = check::slice("input", &at.input.x)?;
        A::accumulate(&self.sharing, delta, x, grad)?;
        dx.map_or(Ok(()), |dx| self.sharing.map(&self.prepared, dy, dx, A::pull_back))
    }
}
