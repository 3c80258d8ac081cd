//! The laws of base densities.

mod case;
mod ensembles;
mod laws;
mod mixtures;

pub use case::BaseCase;
pub use ensembles::{conditional_ensemble, ensembles, wide_ensemble};
pub use laws::{batches, draws, gradient_of_parameters, integral, score, specification};
pub use mixtures::{mixture_base, mixtures};

use pdmap_core::flow::base::{Laplace, Logistic, Normal, StudentT};
use pdmap_core::{Base, Real, Result};

use crate::{Broken, Verdict};

/// A law of base densities.
pub type BaseLaw<F> = fn(&BaseCase<'_, F>) -> Verdict;

/// All laws by name.
pub fn all<F: Real>() -> Vec<(&'static str, BaseLaw<F>)> {
    vec![
        ("integral", integral),
        ("score", score),
        ("gradient of parameters", gradient_of_parameters),
        ("batches", batches),
        ("draws", draws),
        ("specification", specification),
    ]
}

/// Applies all laws.
///
/// # Errors
/// The first law that is broken.
pub fn hold<F: Real>(case: &BaseCase<'_, F>) -> Result<(), Broken> {
    all().into_iter().try_for_each(|(law, check)| check(case).map_err(|violation| Broken { law, violation }))
}

/// Every base density of the workspace; Student-t with ν from tails without a mean to nearly normal ones.
///
/// # Errors
/// None.
pub fn subjects<F: Real>() -> Result<Vec<Box<dyn Base<F>>>> {
    let mut all: Vec<Box<dyn Base<F>>> = vec![Box::new(Normal), Box::new(Logistic), Box::new(Laplace)];
    for nu in [0.5, 1.0, 3.0, 30.0] {
        for learned in [false, true] {
            all.push(Box::new(StudentT::new(nu, learned)?));
        }
    }
    Ok(all)
}
