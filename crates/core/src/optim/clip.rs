//! Gradient clipping.

use serde::{Deserialize, Serialize};

use crate::{LayerError, Result};

/// Gradient clipping.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Clip {
    /// No clipping.
    #[default]
    None,
    /// Scales all directions of a step by one factor so that their joint Euclidean norm is at most
    /// this.
    Norm(f64),
    /// Clamps each number to `±` this.
    Value(f64),
}

impl Clip {
    /// Checks that the limit is positive and not NaN.
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
    /// Those of `norm`, which is called for [`Clip::Norm`] only.
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
