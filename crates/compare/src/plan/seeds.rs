//! Seeds.

/// Paired seeds that a conclusion requires.
pub const PAIRS_NEEDED: usize = 10;
