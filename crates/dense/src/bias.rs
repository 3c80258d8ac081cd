//! The bias of a dense layer, plain or augmented.

use ndarray::Array1;
use pdmap_core::Real;
use serde::{Deserialize, Serialize};

/// Whether a dense layer has a bias, and how it moves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BiasKind {
    /// `y = W x`.
    #[default]
    None,
    /// `b ← b + η·opt(mean δ)`.
    Plain,
    /// The bias belongs to the homogeneous matrix `W̃ = [[W, b], [0, 1]]` (Gresele et al. 2020, appendix): with
    /// `E_W = mean(δ (Wx+b)ᵀ) + I` and `e_b = mean δ`, `W ← W + η E_W W` and `b ← b + η (E_W b + e_b)`. On GL(D) by the relative
    /// direction or in the algebra.
    Augmented,
}

/// A bias with its values.
#[derive(Debug, Clone)]
pub(crate) enum Bias<F> {
    None,
    Plain(Array1<F>),
    Augmented(Array1<F>),
}

impl<F: Real> Bias<F> {
    pub(crate) fn of(kind: BiasKind, values: impl FnOnce() -> Array1<F>) -> Self {
        match kind {
            BiasKind::None => Self::None,
            BiasKind::Plain => Self::Plain(values()),
            BiasKind::Augmented => Self::Augmented(values()),
        }
    }

    pub(crate) fn kind(&self) -> BiasKind {
        match self {
            Self::None => BiasKind::None,
            Self::Plain(_) => BiasKind::Plain,
            Self::Augmented(_) => BiasKind::Augmented,
        }
    }

    pub(crate) fn values(&self) -> Option<&Array1<F>> {
        match self {
            Self::None => None,
            Self::Plain(b) | Self::Augmented(b) => Some(b),
        }
    }

    pub(crate) fn values_mut(&mut self) -> Option<&mut Array1<F>> {
        match self {
            Self::None => None,
            Self::Plain(b) | Self::Augmented(b) => Some(b),
        }
    }
}
