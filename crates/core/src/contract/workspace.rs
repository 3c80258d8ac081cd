//! Buffers reused by low-rank steps and factorizations.

use crate::Real;
use crate::linalg::Lu;

/// Grows to the size of the largest step; its content is meaningless between steps.
#[derive(Debug, Clone)]
pub(crate) struct Workspace<F> {
    /// Factorization of the small system, always in `f64`.
    pub(crate) small: Lu<f64>,
    /// Factorization of a system of side D.
    pub(crate) large: Lu<F>,
    /// Inner products of the factors' rows.
    pub(crate) gram: Vec<F>,
    /// Tiles of a direction.
    pub(crate) panels: Vec<F>,
    /// Right-hand sides and sums in `f64`.
    pub(crate) wide: Vec<f64>,
}

impl<F: Real> Default for Workspace<F> {
    fn default() -> Self {
        Self { small: Lu::default(), large: Lu::default(), gram: Vec::new(), panels: Vec::new(), wide: Vec::new() }
    }
}
