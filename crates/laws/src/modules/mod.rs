//! The laws of modules: networks that need not be invertible.

mod case;
mod laws;
mod subjects;

pub use case::ModuleCase;
pub use laws::{batches, gradient_of_input, gradient_of_parameters, shapes, specification};
pub use subjects::{ModuleSubject, subjects};

use pdmap_core::Real;

use crate::{Broken, Verdict};

/// A law of modules.
pub type ModuleLaw<F> = fn(&ModuleCase<'_, F>) -> Verdict;

/// All laws by name.
pub fn all<F: Real>() -> Vec<(&'static str, ModuleLaw<F>)> {
    vec![
        ("shapes", shapes),
        ("gradient of input", gradient_of_input),
        ("gradient of parameters", gradient_of_parameters),
        ("batches", batches),
        ("specification", specification),
    ]
}

/// Applies all laws.
///
/// # Errors
/// The first law that is broken.
pub fn hold<F: Real>(case: &ModuleCase<'_, F>) -> Result<(), Broken> {
    all().into_iter().try_for_each(|(law, check)| check(case).map_err(|violation| Broken { law, violation }))
}
