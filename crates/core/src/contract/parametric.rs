//! The list of parameters of a layer, module or base density, and everything that follows from it.

use std::fmt::Display;

use ndarray::ArrayD;

use super::{Diagnostic, Geometry, Gradients, ParamGrad, Reads, Rule, State, StepReport, Tensors};
use crate::{LayerError, Real, Result};

/// Tensors with their names.
pub type NamedTensors<F> = Vec<(String, ArrayD<F>)>;

/// Visitor of parameters, called with the name of each.
pub type Visit<'v, F> = dyn FnMut(&dyn Display, &dyn Geometry<F>) -> Result<()> + 'v;

/// Visitor that may change the parameters.
pub type VisitMut<'v, F> = dyn FnMut(&dyn Display, &mut dyn Geometry<F>) -> Result<()> + 'v;

/// Something with parameters.
///
/// An implementation lists its parameters twice, in the same order and under the same names;
/// saving, restoring, directions and steps follow from the list. Something without parameters
/// implements neither method. Gradients of trained parameters are stored in the order of the list.
pub trait Parametric<F: Real> {
    /// Visits each parameter.
    ///
    /// # Errors
    /// Those of `visit`.
    fn parameters(&self, visit: &mut Visit<'_, F>) -> Result<()> {
        let _ = visit;
        Ok(())
    }

    /// Visits each parameter, which `visit` may change. Quantities derived from parameters (tables,
    /// factorizations) are updated afterwards.
    ///
    /// # Errors
    /// Those of `visit`; values that do not go together.
    fn parameters_mut(&mut self, visit: &mut VisitMut<'_, F>) -> Result<()> {
        let _ = visit;
        Ok(())
    }

    /// Turns the sums over `rows` rows into directions. Overridden by combinators, which delegate,
    /// and where the direction of one parameter depends on another.
    ///
    /// # Errors
    /// Gradients of another object; a singular matrix where a direction needs an inverse.
    fn direct(&self, rows: usize, reads: Reads, grads: &mut [ParamGrad<F>]) -> Result<()> {
        let mut each = Each::new(grads);
        self.parameters(&mut |_, parameter| each.of(parameter, |grad| parameter.direct(rows, reads, grad)))?;
        each.finish()
    }

    /// `Σ ‖direction‖²` over all parameters, in a fixed order. Overridden like
    /// [`direct`](Self::direct).
    ///
    /// # Errors
    /// Gradients of another object.
    fn norm_squared(&self, grads: &mut [ParamGrad<F>]) -> Result<f64> {
        let (mut each, mut sum) = (Each::new(grads), 0.0);
        self.parameters(&mut |_, parameter| {
            each.of(parameter, |grad| {
                sum += parameter.norm_squared(grad)?;
                Ok(())
            })
        })?;
        each.finish()?;
        Ok(sum)
    }

    /// Follows the directions through `rule`. Overridden like [`direct`](Self::direct).
    ///
    /// # Errors
    /// Gradients or optimizer memory of another object; a step that is not finite.
    fn update(&mut self, rule: &mut dyn Rule<F>, grads: &mut [ParamGrad<F>]) -> Result<StepReport> {
        if grads.is_empty() {
            return Ok(StepReport::default());
        }
        let (mut each, mut report) = (Each::new(grads), StepReport::default());
        self.parameters_mut(&mut |_, parameter| {
            let Some(grad) = each.next(parameter)? else { return Ok(()) };
            report += parameter.step(rule, grad)?;
            Ok(())
        })?;
        each.finish()?;
        Ok(report)
    }

    /// The Euclidean gradient of the mean log-likelihood for each trained tensor, by name.
    /// Overridden like [`direct`](Self::direct).
    ///
    /// # Errors
    /// Gradients of another object; a singular matrix.
    fn euclidean(&self, rows: usize, grads: &[ParamGrad<F>]) -> Result<NamedTensors<F>> {
        let (mut left, mut found) = (grads.iter(), Vec::new());
        self.parameters(&mut |name, parameter| {
            if parameter.is_trained() {
                let grad = left.next().ok_or(LayerError::Grads { expected: found.len() + 1, actual: found.len() })?;
                found.push((name.to_string(), parameter.euclidean(rows, grad)?));
            }
            Ok(())
        })?;
        match left.len() {
            0 => Ok(found),
            more => Err(LayerError::Grads { expected: found.len(), actual: found.len() + more }),
        }
    }
}

/// Iterates over the gradients of trained parameters.
struct Each<'g, F> {
    left: std::slice::IterMut<'g, ParamGrad<F>>,
    count: usize,
}

impl<'g, F: Real> Each<'g, F> {
    fn new(grads: &'g mut [ParamGrad<F>]) -> Self {
        Self { count: grads.len(), left: grads.iter_mut() }
    }

    /// The gradient of the next parameter, if it is trained.
    fn next(&mut self, parameter: &dyn Geometry<F>) -> Result<Option<&'g mut ParamGrad<F>>> {
        if !parameter.is_trained() {
            return Ok(None);
        }
        let (expected, actual) = (self.count + 1, self.count);
        self.left.next().map(Some).ok_or(LayerError::Grads { expected, actual })
    }

    fn of(&mut self, parameter: &dyn Geometry<F>, body: impl FnOnce(&mut ParamGrad<F>) -> Result<()>) -> Result<()> {
        self.next(parameter)?.map_or(Ok(()), body)
    }

    /// Checks that every gradient had its parameter.
    fn finish(self) -> Result<()> {
        match self.left.len() {
            0 => Ok(()),
            left => Err(LayerError::Grads { expected: self.count - left, actual: self.count }),
        }
    }
}

/// Everything that follows from a list of parameters.
pub trait ParametricExt<F: Real>: Parametric<F> {
    /// Copies of all tensors by name.
    fn tensors(&self) -> NamedTensors<F> {
        let mut found = Vec::new();
        infallible(self.parameters(&mut |name, parameter| {
            found.push((name.to_string(), parameter.tensor()));
            Ok(())
        }));
        found
    }

    /// Restores the tensors that [`tensors`](Self::tensors) returned.
    ///
    /// # Errors
    /// Missing tensors, other shapes, values that break an invariant. Some parameters may already
    /// have changed.
    fn set_tensors(&mut self, tensors: &mut Tensors<F>) -> Result<()> {
        self.parameters_mut(&mut |name, parameter| {
            let name = name.to_string();
            let tensor = tensors.take(&name)?;
            parameter.set_tensor(&name, tensor)
        })
    }

    /// Writes the training state beyond the tensors: with it and the optimizer's memory, a run
    /// resumes bit for bit.
    fn save_state(&self, state: &mut State<F>) {
        infallible(self.parameters(&mut |name, parameter| {
            parameter.save_state(&name.to_string(), state);
            Ok(())
        }));
    }

    /// Restores what [`save_state`](Self::save_state) wrote, after the tensors were set.
    ///
    /// # Errors
    /// Missing entries, other shapes.
    fn load_state(&mut self, state: &mut State<F>) -> Result<()> {
        self.parameters_mut(&mut |name, parameter| parameter.load_state(&name.to_string(), state))
    }

    /// Diagnostics of all parameters, their names prefixed by that of the parameter.
    fn diagnostics(&self) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        infallible(self.parameters(&mut |name, parameter| {
            let own = parameter.diagnostics().into_iter();
            found.extend(own.map(|figure| Diagnostic { name: format!("{name} {}", figure.name), ..figure }));
            Ok(())
        }));
        found
    }

    /// The derivatives of the mean log-likelihood of a row along all directions, in the order of the
    /// gradients, after [`direct`](Parametric::direct) wrote out the directions.
    ///
    /// # Errors
    /// Gradients of another object; those of [`Geometry::slopes`].
    fn slopes(&self, grads: &Gradients<F>) -> Result<Vec<f64>> {
        let (mut left, mut slopes) = (grads.params.iter(), Vec::new());
        let (expected, actual) = (self.trained(), grads.params.len());
        self.parameters(&mut |_, parameter| {
            if !parameter.is_trained() {
                return Ok(());
            }
            let grad = left.next().ok_or(LayerError::Grads { expected, actual })?;
            parameter.slopes(grads.rows, grad, &mut slopes)
        })?;
        if left.len() == 0 { Ok(slopes) } else { Err(LayerError::Grads { expected, actual }) }
    }

    /// Number of scalars in all tensors, trained or fitted to data.
    fn parameter_count(&self) -> usize {
        self.tensors().iter().map(|(_, tensor)| tensor.len()).sum()
    }

    /// Empty gradients of all trained parameters.
    fn new_grads(&self) -> Gradients<F> {
        let mut params = Vec::new();
        infallible(self.parameters(&mut |name, parameter| {
            if parameter.is_trained() {
                params.push(parameter.new_grad(name.to_string()));
            }
            Ok(())
        }));
        Gradients { rows: 0, params }
    }

    /// Number of trained parameters, each of which takes one gradient.
    fn trained(&self) -> usize {
        let mut count = 0;
        infallible(self.parameters(&mut |_, parameter| {
            count += usize::from(parameter.is_trained());
            Ok(())
        }));
        count
    }
}

impl<F: Real, P: Parametric<F> + ?Sized> ParametricExt<F> for P {}

/// For a visitor that never fails.
fn infallible(visited: Result<()>) {
    debug_assert!(visited.is_ok(), "{visited:?}");
}
