//! The laws, each a function that measures and compares. They know nothing of any particular layer.

mod batches;
mod extremes;
mod gradient;
mod log_det;
mod motion;
mod refusal;
mod resumption;
mod round_trip;
mod specification;

pub use batches::batches;
pub use extremes::{extreme_rows, extremes, magnitudes};
pub use gradient::{gradient_of_input, gradient_of_parameters};
pub use log_det::{jacobian, log_det};
pub use motion::ascends;
pub use refusal::refuses;
pub use resumption::resumption;
pub use round_trip::round_trip;
pub(crate) use specification::registry;
pub use specification::specification;

use ndarray::ArrayView2;
use pdmap_core::{Layer, LayerError, Real};

use crate::worst;

/// How a layer broke a law.
#[derive(Debug, Clone, PartialEq)]
pub enum Violation {
    /// A figure is too large.
    Exceeded {
        /// What was measured.
        what: String,
        /// The figure.
        measured: f64,
        /// The tolerance.
        allowed: f64,
    },
    /// The layer answered with an error where it should have worked.
    Failed(LayerError),
    /// The layer worked, or failed otherwise, where a certain error was due.
    Accepted {
        /// What should have been refused.
        what: &'static str,
        /// What came instead.
        instead: String,
    },
}

impl From<LayerError> for Violation {
    fn from(error: LayerError) -> Self {
        Self::Failed(error)
    }
}

/// Whether a law held.
pub type Verdict = Result<(), Violation>;

/// A law: a layer, rows to try it on, and a seed for whatever else is random.
pub type Law<F> = fn(&dyn Layer<F>, ArrayView2<'_, F>, u64) -> Verdict;

/// All laws by name.
pub fn all<F: Real>() -> Vec<(&'static str, Law<F>)> {
    vec![
        ("round trip", round_trip),
        ("log-det", log_det),
        ("gradient of input", gradient_of_input),
        ("gradient of parameters", gradient_of_parameters),
        ("batches", batches),
        ("ascends", ascends),
        ("refuses", refuses),
        ("specification", specification),
        ("resumption", resumption),
    ]
}

/// `measured ≤ allowed`, NaN not passing.
pub(crate) fn at_most(what: impl Into<String>, measured: f64, allowed: f64) -> Verdict {
    if measured <= allowed {
        Ok(())
    } else {
        Err(Violation::Exceeded { what: what.into(), measured, allowed })
    }
}

/// `max|a − b| / max(1, max|b|)`; NaN where a number is, and infinite where one has more numbers than the
/// other: a result that was cut short must not pass for what is left of it.
pub(crate) fn distance<'a, F: Real>(
    a: impl IntoIterator<Item = &'a F>,
    b: impl IntoIterator<Item = &'a F>,
) -> f64 {
    let (mut a, mut b, mut scale) = (a.into_iter(), b.into_iter(), 1.0_f64);
    let deviations = std::iter::from_fn(|| match (a.next(), b.next()) {
        (Some(a), Some(b)) => {
            scale = scale.max(b.f64().abs());
            Some((a.f64() - b.f64()).abs())
        }
        (None, None) => None,
        _ => Some(f64::INFINITY),
    });
    worst(deviations) / scale
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn distances_see_nan_and_missing_numbers() {
        assert_eq!(distance(&[1.0, 4.0], &[1.0, 2.0]), 1.0);
        assert!(distance(&[f64::NAN, 1.0], &[1.0, 1.0]).is_nan());
        assert!(distance(&[1.0, 1.0], &[f64::NAN, 1.0]).is_nan());
        assert_eq!(distance(&[1.0], &[1.0, 1.0]), f64::INFINITY);
        assert_eq!(distance(&[1.0, 1.0], &[1.0]), f64::INFINITY);
    }
}
