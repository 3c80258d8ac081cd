//! Initial matrices.

use serde::Deserialize;

/// How a matrix starts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// Drawn from the Haar measure on O(D).
    #[default]
    Haar,
    /// The identity.
    Identity,
}
