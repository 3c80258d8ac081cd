//! Ensembles that the laws are held against.

use pdmap_core::contract::ModuleParameters;
use pdmap_core::flow::Ensemble;
use pdmap_core::flow::base::{Laplace, Logistic, Normal, StudentT};
use pdmap_core::group::Direction;
use pdmap_core::{Base, Flow, ParametricExt, Real, Result, Tensors};
use pdmap_layers::coupling::{Coupling, CouplingOptions, Split};
use pdmap_layers::diagonal::{Scale, ScaleDirection, Shift};
use pdmap_mixture::FactorKind;
use rand::RngExt;

use super::mixtures::mixture_base;
use crate::rng;

/// One feature behind `s x + t`.
fn moved<F: Real>(scale: f64, shift: f64, base: impl Base<F> + 'static) -> Result<Flow<F>> {
    let scale = Scale::new(ndarray::array![F::of(scale)], ScaleDirection::Algebra)?;
    Flow::builder(1).layer(scale).layer(Shift::new(ndarray::array![F::of(shift)])?).base(base).build()
}

/// One of three features, whose members have no layers.
///
/// # Errors
/// None.
pub fn wide_ensemble<F: Real>() -> Result<Ensemble<F>> {
    let mixture = |kind| Flow::builder(3).base(mixture_base::<F>(kind, Direction::Algebra, 3)?).build();
    let logistic = Flow::builder(3).base(Logistic).build()?;
    Ensemble::new(vec![(1.0, mixture(FactorKind::General)?), (4.0, mixture(FactorKind::Diagonal)?), (2.0, logistic)])
}

/// A density of one feature that depends on a condition of two numbers, by as much as `spread` says.
fn conditional<F: Real>(seed: u64, spread: f64, base: impl Base<F> + 'static) -> Result<Flow<F>> {
    let options = CouplingOptions { split: Split::None, hidden: Some(vec![4]), ..CouplingOptions::default() };
    let (registry, mut rng) = (crate::laws::registry::<F>(), rng(seed));
    let mut coupling = Coupling::new(1, 2, options, ModuleParameters::New(&mut rng), &registry)?;
    // A new coupling is the identity.
    let mut tensors = coupling.tensors();
    for value in tensors.iter_mut().flat_map(|(_, tensor)| tensor) {
        *value = F::of(value.f64() + rng.random_range(-spread..spread));
    }
    coupling.set_tensors(&mut Tensors::from_iter(tensors))?;
    Flow::builder(1).layer(coupling).base(base).build()
}

/// One of one feature given two numbers, with a member that ignores them.
///
/// # Errors
/// None.
pub fn conditional_ensemble<F: Real>(spread: f64) -> Result<Ensemble<F>> {
    let (first, second) = (conditional(1, spread, Normal)?, conditional(2, spread, Logistic)?);
    Ensemble::new(vec![(1.0, first), (3.0, second), (1.0, moved(1.5, 0.0, Normal)?)])
}

/// Ensembles of flows with layers on one feature, one of which needs a condition, and
/// [`wide_ensemble`].
///
/// # Errors
/// None.
pub fn ensembles<F: Real>() -> Result<Vec<Box<dyn Base<F>>>> {
    let near = Ensemble::new(vec![(0.3, moved(2.0, 0.5, Normal)?), (0.7, moved(0.5, -1.0, Logistic)?)])?;
    // Members whose modes are nearly the same, since at temperature 0 the best of them is drawn.
    let conditional = conditional_ensemble(1e-3)?;
    let student = moved(1.0, 0.0, StudentT::new(3.0, false)?)?;
    let tails = Ensemble::new(vec![(2.0, student), (1.0, moved(1.5, 0.0, Laplace)?)])?;
    Ok(vec![Box::new(near), Box::new(tails), Box::new(conditional), Box::new(wide_ensemble()?)])
}
