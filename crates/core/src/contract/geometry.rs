//! How one parameter moves.

use ndarray::ArrayD;

use super::{Diagnostic, ParamGrad, Reads, Rule, State, StepReport, mean};
use crate::{Real, Result, parallel};

/// A parameter tensor that knows the space it lives in: unconstrained numbers, positive numbers, a
/// matrix in GL(D) or O(D), or constants.
///
/// The geometry turns accumulated gradients into an ascent direction and follows it without leaving
/// the space. Everything that concerns parameters (steps, clipping, names, saving, resuming,
/// diagnostics) is written once over this trait; layers only list their parameters
/// ([`Parametric`](super::Parametric)). The implementations are in [`group`](crate::group).
pub trait Geometry<F: Real> {
    /// A copy of the values.
    fn tensor(&self) -> ArrayD<F>;

    /// Replaces the values. `name` is the name of the tensor, for errors.
    ///
    /// # Errors
    /// [`LayerError::TensorShape`](crate::LayerError::TensorShape); values outside the space.
    fn set_tensor(&mut self, name: &str, tensor: ArrayD<F>) -> Result<()>;

    /// Whether training changes the values. Constants have no gradient.
    fn is_trained(&self) -> bool {
        true
    }

    /// An empty gradient. `name` is the path of the tensor within the flow.
    fn new_grad(&self, name: String) -> ParamGrad<F>;

    /// Turns the accumulated sum over `rows ≥ 1` rows into the ascent direction that
    /// [`step`](Self::step) follows. If the rule reads no entries, the direction may stay in
    /// factors.
    ///
    /// # Errors
    /// A singular matrix where the direction needs an inverse.
    fn direct(&self, rows: usize, reads: Reads, grad: &mut ParamGrad<F>) -> Result<()>;

    /// `‖direction‖²` after [`direct`](Self::direct).
    ///
    /// # Errors
    /// None if the direction has entries.
    fn norm_squared(&self, grad: &mut ParamGrad<F>) -> Result<f64> {
        Ok(parallel::sum_of_squares(&grad.direction))
    }

    /// Appends the derivative of the mean log-likelihood of a row along each number of the direction, as
    /// [`step`](Self::step) moves it, after [`direct`](Self::direct). Directions are scaled by parameter, so
    /// that learning rates fit; derivatives are not, so that methods can compare curvatures.
    ///
    /// # Errors
    /// [`LayerError::Conflict`](crate::LayerError::Conflict) for a direction whose numbers are no
    /// coordinates of its steps.
    fn slopes(&self, rows: usize, grad: &ParamGrad<F>, slopes: &mut Vec<f64>) -> Result<()> {
        let _ = rows;
        slopes.extend(grad.direction.iter().map(|direction| direction.f64()));
        Ok(())
    }

    /// Follows the direction through `rule` and stays in the space.
    ///
    /// # Errors
    /// Gradients or optimizer memory of another parameter; a step that is not finite.
    fn step(&mut self, rule: &mut dyn Rule<F>, grad: &mut ParamGrad<F>) -> Result<StepReport>;

    /// The Euclidean gradient of the mean log-likelihood, for any direction setting. For tests and
    /// diagnostics; may cost O(D³).
    ///
    /// # Errors
    /// A singular matrix.
    fn euclidean(&self, rows: usize, grad: &ParamGrad<F>) -> Result<ArrayD<F>>;

    /// Moves `mean` by `share` of the way to the present values: a step of a running mean, in
    /// coordinates in which sums of values make sense. Positive numbers are averaged by their
    /// logarithms, others as they are. A share of 1 replaces zeros by the present values.
    ///
    /// # Errors
    /// A mean of another size.
    fn add_to_mean(&self, share: F, mean: &mut [F]) -> Result<()> {
        mean::follow(self.tensor().iter().copied(), share, mean)
    }

    /// The values of the space at such a running mean. On O(D) they are the polar factor of the
    /// mean matrix; on GL(D) the mean itself, unless its determinant has another sign than that of
    /// the present values, which then take its place.
    ///
    /// # Errors
    /// A mean of another size.
    fn at_mean(&self, mean: &[F]) -> Result<ArrayD<F>> {
        mean::shaped(self.tensor().shape(), mean.iter().copied())
    }

    /// Writes the training state beyond the values, under names that begin with `name`.
    fn save_state(&self, name: &str, state: &mut State<F>) {
        let _ = (name, state);
    }

    /// Restores what [`save_state`](Self::save_state) wrote, after the values were set.
    ///
    /// # Errors
    /// Missing entries, other shapes.
    fn load_state(&mut self, name: &str, state: &mut State<F>) -> Result<()> {
        let _ = (name, state);
        Ok(())
    }

    /// Diagnostics of the present values, such as condition numbers and residuals.
    fn diagnostics(&self) -> Vec<Diagnostic> {
        Vec::new()
    }
}
