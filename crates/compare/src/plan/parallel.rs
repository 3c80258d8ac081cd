//! Parallel runs.

use serde::{Deserialize, Serialize};

/// Number of parallel runs and threads per run. It affects times but not results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Parallel {
    /// Parallel runs, at least 1.
    pub runs: usize,
    /// Threads per run, at least 1.
    pub threads: usize,
}
