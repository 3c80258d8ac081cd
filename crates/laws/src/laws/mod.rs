//! The laws of layers. Each measures and compares; none knows anything of a particular layer.

mod averages;
mod batches;
mod extremes;
mod gradient;
mod log_det;
mod motion;
mod refusal;
mod registry;
mod resumption;
mod round_trip;
mod shapes;
mod slopes;
mod specification;

pub use averages::averages;
pub use batches::batches;
pub(crate) use batches::{part, same_sums};
pub use extremes::{extreme_rows, extremes, magnitudes};
pub(crate) use gradient::moved;
pub use gradient::{gradient_of_input, gradient_of_parameters};
pub use log_det::log_det;
pub use motion::ascends;
pub use refusal::refuses;
pub use registry::registry;
pub use resumption::resumption;
pub use round_trip::round_trip;
pub use shapes::shapes;
pub use slopes::slopes;
pub use specification::specification;

use pdmap_core::Real;

use crate::{Broken, Case, Verdict};

/// A law of layers.
pub type Law<F> = fn(&Case<'_, F>) -> Verdict;

/// All laws by name. [`extremes`] is not among them: it is for rows of [`extreme_rows`].
pub fn all<F: Real>() -> Vec<(&'static str, Law<F>)> {
    vec![
        ("shapes", shapes),
        ("round trip", round_trip),
        ("log-det", log_det),
        ("gradient of input", gradient_of_input),
        ("gradient of parameters", gradient_of_parameters),
        ("batches", batches),
        ("ascends", ascends),
        ("refuses", refuses),
        ("specification", specification),
        ("resumption", resumption),
        ("averages", averages),
        ("slopes", slopes),
    ]
}

/// Applies all laws.
///
/// # Errors
/// The first law that is broken.
pub fn hold<F: Real>(case: &Case<'_, F>) -> Result<(), Broken> {
    all().into_iter().try_for_each(|(law, check)| check(case).map_err(|violation| Broken { law, violation }))
}
