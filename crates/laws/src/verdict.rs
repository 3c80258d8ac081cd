//! What a law answers.

use pdmap_core::{LayerError, Real};

use crate::worst;

/// How a law was broken.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Violation {
    /// A figure is too large.
    #[error("{what} is {measured:e}, {allowed:e} allowed")]
    Exceeded {
        /// What was measured.
        what: String,
        /// The figure.
        measured: f64,
        /// The tolerance.
        allowed: f64,
    },
    /// An error where there should have been a result.
    #[error("it failed: {0}")]
    Failed(#[from] LayerError),
    /// A result, or another error, where a certain error was due.
    #[error("{what} should have been refused, but: {instead}")]
    Accepted {
        /// What should have been refused.
        what: &'static str,
        /// What came instead.
        instead: String,
    },
}

/// A law that was broken, by name.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("`{law}` is broken: {violation}")]
pub struct Broken {
    /// The law.
    pub law: &'static str,
    /// How.
    pub violation: Violation,
}

/// Whether a law held.
pub type Verdict = Result<(), Violation>;

/// `measured ≤ allowed`; NaN does not pass, and neither does anything under an infinite tolerance, such as
/// that of a singular map.
pub(crate) fn at_most(what: impl Into<String>, measured: f64, allowed: f64) -> Verdict {
    if measured <= allowed && allowed.is_finite() {
        Ok(())
    } else {
        Err(Violation::Exceeded { what: what.into(), measured, allowed })
    }
}

/// The violation of something that should have been refused.
pub(crate) fn accepted<T>(what: &'static str, instead: Result<T, LayerError>) -> Verdict {
    let instead = match instead {
        Ok(_) => "it was accepted".to_owned(),
        Err(error) => error.to_string(),
    };
    Err(Violation::Accepted { what, instead })
}

/// How many numbers differ; those that only one side has count too.
pub(crate) fn differences<T: PartialEq>(a: impl IntoIterator<Item = T>, b: impl IntoIterator<Item = T>) -> f64 {
    let (mut a, mut b, mut count) = (a.into_iter(), b.into_iter(), 0);
    loop {
        match (a.next(), b.next()) {
            (None, None) => return f64::from(count),
            (a, b) => count += i32::from(a != b),
        }
    }
}

/// `max|a − b| / max(1, max|b|)`; NaN where a number is, and infinite where the lengths differ, so that a
/// truncated result cannot pass.
pub(crate) fn distance<'a, F: Real>(a: impl IntoIterator<Item = &'a F>, b: impl IntoIterator<Item = &'a F>) -> f64 {
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
    use super::{differences, distance};

    #[test]
    fn distances_see_nan_and_missing_numbers() {
        assert_eq!(distance(&[1.0, 4.0], &[1.0, 2.0]), 1.0);
        assert!(distance(&[f64::NAN, 1.0], &[1.0, 1.0]).is_nan());
        assert!(distance(&[1.0, 1.0], &[f64::NAN, 1.0]).is_nan());
        assert_eq!(distance(&[1.0], &[1.0, 1.0]), f64::INFINITY);
        assert_eq!(distance(&[1.0, 1.0], &[1.0]), f64::INFINITY);
    }

    #[test]
    fn numbers_of_one_side_only_are_differences() {
        assert_eq!(differences([1, 2], [1, 2]), 0.0);
        assert_eq!(differences([1, 2], [1, 3]), 1.0);
        assert_eq!(differences([1, 2, 3], [1]), 2.0);
        assert_eq!(differences(Vec::<u8>::new(), [1]), 1.0);
    }
}
