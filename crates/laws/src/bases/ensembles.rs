//! Ensembles that the laws are held against.

use pdmap_core::flow::Ensemble;
use pdmap_core::flow::base::{Laplace, Logistic, Normal, StudentT};
use pdmap_core::group::Direction;
use pdmap_core::{Base, Flow, Real, Result};
use pdmap_layers::diagonal::{Scale, ScaleDirection, Shift};
use pdmap_mixture::FactorKind;

use super::mixtures::mixture_base;

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

/// Two of one feature, with layers, and that of three.
///
/// # Errors
/// None.
pub fn ensembles<F: Real>() -> Result<Vec<Box<dyn Base<F>>>> {
    let near = Ensemble::new(vec![(0.3, moved(2.0, 0.5, Normal)?), (0.7, moved(0.5, -1.0, Logistic)?)])?;
    let student = moved(1.0, 0.0, StudentT::new(3.0, false)?)?;
    let tails = Ensemble::new(vec![(2.0, student), (1.0, moved(1.5, 0.0, Laplace)?)])?;
    Ok(vec![Box::new(near), Box::new(tails), Box::new(wide_ensemble()?)])
}
