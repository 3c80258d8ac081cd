//! When a run validates.

use serde::{Deserialize, Serialize};

/// When a run validates, beside its start and its end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Spacing {
    /// As many times as planned, at equal distances.
    #[default]
    Even,
    /// Often at first, then at steps that grow by a fifth. Small data are overfitted within a few
    /// epochs, and a run that goes on for long has little news.
    Geometric,
}

impl Spacing {
    /// Whether validations are evenly spaced.
    #[allow(clippy::trivially_copy_pass_by_ref)]
    pub(crate) fn is_even(&self) -> bool {
        *self == Self::Even
    }
}
