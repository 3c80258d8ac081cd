//! What is solved for, and when it ends.

use pdmap_core::{LayerError, Result};

use super::density::SourceDensity;

/// The matrices among which the unmixing is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Constraint {
    /// All invertible ones.
    #[default]
    Unconstrained,
    /// Orthonormal ones: for whitened rows.
    Orthonormal,
}

/// Options of [`solve`](super::solve()).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IcaOptions {
    /// GL(D) or O(D).
    pub constraint: Constraint,
    /// The densities of the sources.
    pub density: SourceDensity,
    /// The largest entry of the relative gradient at which a solution has converged: of `E[ψ(y) yᵀ]
    /// − I`, or on O(D) of its skew part.
    pub tolerance: f64,
    /// Most iterations of a search. Before the last one there are others: on parts of the rows, and with other signs.
    pub iterations: usize,
    /// Pairs of steps and changes of the gradient that L-BFGS remembers.
    pub memory: usize,
    /// Curvatures below this are raised to it.
    pub least_curvature: f64,
}

impl Default for IcaOptions {
    /// Unconstrained, adaptive densities, to a gradient of 1e-7 in at most 500 iterations.
    fn default() -> Self {
        Self {
            constraint: Constraint::default(),
            density: SourceDensity::default(),
            tolerance: 1e-7,
            iterations: 500,
            memory: 7,
            least_curvature: 1e-2,
        }
    }
}

impl IcaOptions {
    /// Whether the search starts on O(D): if the signs of densities follow the rows.
    pub(super) fn starts_orthonormal(&self) -> bool {
        self.constraint == Constraint::Unconstrained && self.density == SourceDensity::Adaptive
    }

    /// Says that the numbers are in their ranges.
    ///
    /// # Errors
    /// [`LayerError::Range`].
    pub fn validate(&self) -> Result<()> {
        let positive = |what, value: f64| match value > 0.0 && value.is_finite() {
            true => Ok(()),
            false => Err(LayerError::Range { what, value, range: "positive and finite" }),
        };
        positive("tolerance of the relative gradient", self.tolerance)?;
        positive("least curvature", self.least_curvature)
    }
}
