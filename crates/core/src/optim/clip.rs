//! Gradient clipping.

use serde::{Deserialize, Serialize};

use crate::{LayerError, Result};

/// Limits of the directions that an optimizer is given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Clip {
    /// None.
    #[default]
    None,
    /// All directions of a step are scaled together so that their joint Euclidean norm is at most this.
    Norm(f64),
    /// Each number is kept within `±` this.
    Value(f64),
}

impl Clip {
    /// Limits are positive; NaN is none.
    ///
    /// # Errors
    /// [`LayerError::Range`].
    pub fn validate(self) -> Result<()> {
        match self {
            Self::Norm(value) | Self::Value(value) if value.is_nan() || value <= 0.0 => {
                Err(LayerError::Range { what: "clipping limit", value, range: "positive" })
            }
            _ => Ok(()),
        }
    }

    /// The factor for directions of the given joint norm.
    ///
    /// # Errors
    /// Those of `norm`, which is only called where the limit is one of the norm.
    pub fn factor(self, norm: impl FnOnce() -> Result<f64>) -> Result<f64> {
        match self {
            Self::Norm(limit) => {
                let norm = norm()?;
                Ok(if norm > limit { limit / norm } else { 1.0 })
            }
            Self::None | Self::Value(_) => Ok(1.0),
        }
    }
}
