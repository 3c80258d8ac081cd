//! What a contrast shows.

use serde::{Deserialize, Serialize};

/// What a contrast shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finding {
    /// The interval lies above 0 and the difference is at least the smallest effect of interest.
    Better,
    /// The interval lies below 0 and the difference is at least the smallest effect of interest.
    Worse,
    /// The interval contains 0, or the difference is below the smallest effect of interest.
    NoDifferenceShown,
    /// No conclusion: fewer than [ten](crate::PAIRS_NEEDED) paired seeds, a run without a finite
    /// test log-likelihood, or test rows from a single image. A diverged run counts with its last
    /// good weights and is reported.
    Undecided,
}
